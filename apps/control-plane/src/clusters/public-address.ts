/** How agents reach this hub and which image they run; the URL is known once the hub listens. */
export class PublicAddress {
  hubUrl: string;
  readonly image: string;

  constructor(hubUrl: string, image: string) {
    this.hubUrl = hubUrl;
    this.image = image;
  }
}
