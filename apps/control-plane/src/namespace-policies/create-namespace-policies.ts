import type { DataSource } from 'typeorm';

import type { Changes } from '../audit/changes.ts';
import type { ProjectRepository } from '../clusters/project.repository.ts';
import type { ClaimRepository } from '../namespace-claims/claim.repository.ts';
import type { ClaimService } from '../namespace-claims/claim.service.ts';
import type { JobQueue } from '../platform/jobs.ts';
import { ExceptionService } from './exception.service.ts';
import { GuardRailsRepository } from './guard-rails.repository.ts';
import { GuardRailsService } from './guard-rails.service.ts';
import { IsolationService } from './isolation.service.ts';
import { NamespacePolicyRepository } from './namespace-policy.repository.ts';
import { NamespacePolicyService } from './namespace-policy.service.ts';
import { PolicyChanges } from './policy-changes.ts';
import { PolicyRequestRepository } from './policy-request.repository.ts';
import { PolicyRequestService } from './policy-request.service.ts';
import type { StandingInClusters } from './standing-in-clusters.ts';

interface Parts {
  readonly dataSource: DataSource;
  readonly audit: Changes;
  readonly claims: ClaimRepository;
  readonly claimService: ClaimService;
  readonly projects: ProjectRepository;
  readonly jobs: JobQueue;
  readonly inClusters: StandingInClusters;
}

export interface NamespacePolicies {
  readonly changes: PolicyChanges;
  readonly exceptions: ExceptionService;
  /** What resolvers ask for, by class. */
  readonly injectables: readonly object[];
}

/** Wires the feature by hand. */
export function createNamespacePolicies(parts: Parts): NamespacePolicies {
  const { dataSource, audit, claims, projects } = parts;
  const policies = new NamespacePolicyRepository(dataSource);
  const requests = new PolicyRequestRepository(dataSource);
  const rails = new GuardRailsRepository(dataSource);
  const changes = new PolicyChanges({ ...parts, policies, requests, rails });
  const exceptions = new ExceptionService({ policies, changes, dataSource });
  return {
    changes,
    exceptions,
    injectables: [
      policies,
      exceptions,
      new NamespacePolicyService({ dataSource, audit, policies, projects, changes }),
      new PolicyRequestService({ requests, policies, claims, changes }),
      new GuardRailsService({ rails, projects, changes }),
      new IsolationService({ changes, rails }),
    ],
  };
}
