// oxlint-disable-next-line import/no-default-export -- Jest takes a global teardown by its default export
export default async function teardown(): Promise<void> {
  const services = (await globalThis.picketTestServices) ?? [];
  globalThis.picketTestServices = undefined;
  for (const service of services) await service.stop();
}
