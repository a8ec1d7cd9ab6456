import DataLoader from 'dataloader';

/** What a request carries: loaders live as long as it does. */
export interface RequestContext {
  loaders?: Map<string, DataLoader<string, unknown>>;
}

/** The loader of this name in this request: all ids that one tick asks for become one query. */
export function batched<T>(
  context: RequestContext,
  name: string,
  load: (ids: readonly string[]) => Promise<ReadonlyMap<string, T>>,
): DataLoader<string, T | undefined> {
  context.loaders ??= new Map();
  let loader = context.loaders.get(name) as DataLoader<string, T | undefined> | undefined;
  if (!loader) {
    loader = new DataLoader(async (ids: readonly string[]) => {
      const found = await load(ids);
      return ids.map((id) => found.get(id));
    });
    context.loaders.set(name, loader);
  }
  return loader;
}
