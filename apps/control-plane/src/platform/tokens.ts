/** Names under which Nest hands out what has no class. */
export const CONFIG = Symbol('config');
export const LOGGER = Symbol('logger');
