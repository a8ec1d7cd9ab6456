/** Enough of a browser for plain pages: cookies, redirects, and their first form. */
export class Browser {
  readonly #cookies = new Map<string, string>();
  /** The page that is shown. */
  page = '';
  #url = '';

  async open(url: string, init: RequestInit = {}): Promise<void> {
    const response = await fetch(url, {
      ...init,
      redirect: 'manual',
      headers: {
        ...(init.headers as Record<string, string>),
        cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; '),
      },
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      if (value === '') this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    this.page = await response.text();
    this.#url = url;
    const to = response.headers.get('location');
    if (to) await this.open(new URL(to, url).href);
  }

  get hasForm(): boolean {
    return this.page.includes('<form');
  }

  /** Sends the form of the page, with what is in it and what is typed. */
  async submit(typed: Readonly<Record<string, string>> = {}): Promise<void> {
    const [form = ''] = /<form[^]*?<\/form>/.exec(this.page) ?? [];
    const action = attribute(form, 'action');
    const fields = [...form.matchAll(/<input[^>]*>/g)]
      .map(([input]) => [attribute(input, 'name'), attribute(input, 'value')] as const)
      .filter(([name]) => name !== '');
    await this.open(new URL(action, this.#url).href, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ ...Object.fromEntries(fields), ...typed }).toString(),
    });
  }
}

function attribute(tag: string, name: string): string {
  return new RegExp(` ${name}="([^"]*)"`).exec(tag)?.[1]?.replaceAll('&amp;', '&') ?? '';
}
