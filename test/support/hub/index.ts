export { TestHub, type Answer, type Data } from './test-hub.ts';
export { bindAgentRole, JoinedCluster } from './joined-cluster.ts';
export { eventually } from './eventually.ts';
export { plainCapabilities, ProtocolAgent } from './protocol-agent.ts';
export { LoneAgent } from './lone-agent.ts';
export { describeShapes, type Backends } from './describe-shapes.ts';
export { AgentScenes, CNPS, documents, OURS, policies } from './agent-scenes.ts';
