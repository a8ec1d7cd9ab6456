export { loadConfig, type Config } from './config/config.ts';
export { startHub, type Hub, type Shape } from './start-hub.ts';
