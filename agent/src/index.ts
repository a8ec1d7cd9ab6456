export { startAgent, type Agent, type AgentOptions } from './start-agent.ts';
export { FolderStore, type StateStore } from './link/state-store.ts';
