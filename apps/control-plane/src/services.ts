import type { DataSource } from 'typeorm';

import { AccessRepository } from './access/access.repository.ts';
import { AccessService } from './access/access.service.ts';
import { Issuer } from './access/oidc.ts';
import { People } from './access/people.ts';
import { Authenticator } from './access/authenticator.ts';
import { Tokens } from './access/tokens.ts';
import { AgentGateway } from './agent-gateway/agent-gateway.ts';
import { AssertionRepository } from './agent-gateway/assertion.repository.ts';
import { Enrolment } from './agent-gateway/enrolment.ts';
import { HubKeys } from './agent-gateway/hub-keys.ts';
import { InboxRepository } from './agent-gateway/inbox.repository.ts';
import type { GatewayKeys } from './agent-gateway/keys.ts';
import { ApprovalRepository } from './approvals/approval.repository.ts';
import { ApprovalService } from './approvals/approval.service.ts';
import { AssignmentRepository } from './assignments/assignment.repository.ts';
import { AssignmentService } from './assignments/assignment.service.ts';
import { Changes } from './audit/changes.ts';
import { Refusals } from './audit/refusals.ts';
import { SignIns } from './audit/sign-ins.ts';
import { tellUses } from './audit/token-uses.ts';
import { AuditLogRepository } from './audit-log/audit-log.repository.ts';
import { AuditLogService } from './audit-log/audit-log.service.ts';
import { Sealer } from './audit-log/sealer.ts';
import { AuditStream } from './audit-log/stream.ts';
import { BlueprintRepository } from './blueprints/blueprint.repository.ts';
import { BlueprintService } from './blueprints/blueprint.service.ts';
import { StatusRepository } from './cluster-status/status.repository.ts';
import { StatusWorker } from './cluster-status/status.worker.ts';
import { ClusterRepository } from './clusters/cluster.repository.ts';
import { ClusterService } from './clusters/cluster.service.ts';
import { LiveClusters } from './clusters/live-clusters.ts';
import { ProjectRepository } from './clusters/project.repository.ts';
import { PublicAddress } from './clusters/public-address.ts';
import type { Config } from './config/config.ts';
import { DocumentService } from './documents/document.service.ts';
import { createNamespacePolicies } from './namespace-policies/create-namespace-policies.ts';
import { ReachRepository } from './namespace-policies/reach.repository.ts';
import type { StatementCounter } from './platform/database.ts';
import { FanOut } from './platform/fan-out.ts';
import { type JobHandler, JobQueue } from './platform/jobs.ts';
import type { Logger } from './platform/logger.ts';
import { RateLimits } from './platform/rate-limits.ts';
import { ClaimRepository } from './namespace-claims/claim.repository.ts';
import { ClaimService } from './namespace-claims/claim.service.ts';
import { PolicySetRepository } from './policy-sets/policy-set.repository.ts';
import { PolicySetService } from './policy-sets/policy-set.service.ts';
import { StandingPolicies } from './policy-sets/standing-policies.ts';
import { PolicySetWorker } from './policy-sets/policy-set.worker.ts';

export interface Services {
  readonly config: Config;
  readonly logger: Logger;
  readonly dataSource: DataSource;
  readonly statements: StatementCounter;
  readonly fanOut: FanOut;
  readonly jobs: JobQueue;
  readonly authenticator: Authenticator;
  readonly rateLimits: RateLimits;
  readonly refusals: Refusals;
  readonly signIns: SignIns;
  readonly auditLog: AuditLogService;
  readonly auditEvents: AuditLogRepository;
  readonly sealer: Sealer;
  readonly auditStream: AuditStream;
  readonly address: PublicAddress;
  readonly policySets: PolicySetRepository;
  readonly statuses: StatusRepository;
  /** What resolvers ask Nest for, by class. */
  readonly injectables: readonly object[];
  /** What the worker process does, and how it finds what an event did not announce. */
  readonly handlers: readonly JobHandler[];
  readonly sweeps: readonly (() => Promise<void>)[];
  gateway(keys: GatewayKeys): AgentGateway;
}

/** Wires the hub by hand: inert until something is started. */
export function createServices(
  config: Config,
  dataSource: DataSource,
  statements: StatementCounter,
  logger: Logger,
): Services {
  const fanOut = new FanOut(config, logger);
  const jobs = new JobQueue(config, logger);
  const changes = new Changes(dataSource);
  const refusals = new Refusals(dataSource, logger);
  const signIns = new SignIns(dataSource, logger);
  const auditEvents = new AuditLogRepository(dataSource);
  const auditLog = new AuditLogService(auditEvents);
  const rateLimits = new RateLimits(config);
  const authenticator = new Authenticator({
    tokens: new Tokens(dataSource),
    ...(config.OIDC_ISSUER !== undefined && {
      oidc: {
        issuer: new Issuer(config, config.OIDC_ISSUER, logger),
        people: new People(dataSource, config.OIDC_ORGANIZATION, logger),
      },
    }),
    fanOut,
    logger,
  });
  const address = new PublicAddress(config.PUBLIC_URL ?? '', config.AGENT_IMAGE);
  const hubKeys = new HubKeys();

  const accessService = new AccessService({
    changes,
    access: new AccessRepository(dataSource),
    fanOut,
  });
  const projects = new ProjectRepository(dataSource);
  const clusters = new ClusterRepository(dataSource);
  const claims = new ClaimRepository(dataSource);
  const blueprints = new BlueprintRepository(dataSource);
  const assignments = new AssignmentRepository(dataSource);
  const policySets = new PolicySetRepository(dataSource);
  const approvals = new ApprovalRepository(dataSource);
  const inbox = new InboxRepository(dataSource);
  const statuses = new StatusRepository(dataSource);

  const clusterService = new ClusterService({
    changes,
    clusters,
    projects,
    jobs,
    fanOut,
    config,
  });
  const claimService = new ClaimService({
    changes,
    claims,
    projects,
    jobs,
    fanOut,
  });
  const blueprintService = new BlueprintService(changes, blueprints, projects);
  const assignmentService = new AssignmentService({
    changes,
    assignments,
    blueprints,
    clusters,
    projects,
    jobs,
  });
  const namespacePolicies = createNamespacePolicies({
    dataSource,
    audit: changes,
    claims,
    claimService,
    projects,
    jobs,
    inClusters: new StandingPolicies(policySets),
  });
  const documentService = new DocumentService({
    changes,
    projects,
    clusters,
    blueprints,
    blueprintService,
    assignments,
    assignmentService,
    claims,
    policyChanges: namespacePolicies.changes,
    jobs,
    config,
  });
  const policySetService = new PolicySetService({
    dataSource,
    policySets,
    assignments,
    blueprints,
    reach: new ReachRepository(),
    fanOut,
    logger,
  });
  const approvalService = new ApprovalService({
    changes,
    approvals,
    clusters,
    projects,
    policySets,
    fanOut,
  });
  const policySetWorker = new PolicySetWorker(policySetService);
  const statusWorker = new StatusWorker(statuses, fanOut);

  return {
    config,
    logger,
    dataSource,
    statements,
    fanOut,
    jobs,
    authenticator,
    rateLimits,
    refusals,
    signIns,
    auditLog,
    auditEvents,
    sealer: new Sealer(dataSource, config, logger),
    auditStream: new AuditStream(dataSource, config, logger),
    address,
    policySets,
    statuses,
    injectables: [
      address,
      accessService,
      auditLog,
      projects,
      blueprints,
      policySets,
      statuses,
      clusterService,
      new LiveClusters(fanOut),
      claimService,
      blueprintService,
      assignmentService,
      ...namespacePolicies.injectables,
      documentService,
      approvalService,
      hubKeys,
    ],
    handlers: [...policySetWorker.handlers, ...statusWorker.handlers],
    sweeps: [
      () => namespacePolicies.exceptions.endOver(),
      () => policySetWorker.sweep(),
      () => statusWorker.sweep(),
      () => tellUses(dataSource),
    ],
    gateway: (keys) => {
      Object.assign(hubKeys, { keyId: keys.keyId, counter: keys.counter, keys: keys.keys });
      return new AgentGateway({
        config,
        enrolment: new Enrolment({
          dataSource,
          keys,
          config,
          assertions: new AssertionRepository(dataSource),
          refusals,
        }),
        keys,
        policySets,
        approvals,
        inbox,
        jobs,
        fanOut,
        logger,
      });
    },
  };
}
