import { type DynamicModule, Module, type Provider, type Type } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { GraphQLModule } from '@nestjs/graphql';
import { MercuriusDriver, type MercuriusDriverConfig } from '@nestjs/mercurius';
import type { FastifyRequest } from 'fastify';
import type { GraphQLSchema, ValidationRule } from 'graphql';

import { AccessGuard } from './access/access.guard.ts';
import { auditedMutations } from './audit/audited-mutations.ts';
import { AccessResolver } from './access/access.resolver.ts';
import { guardFields } from './access/guard-fields.ts';
import { originOf } from './admit.ts';
import { actorOf, graphqlRoute } from './graphql-route.ts';
import type { Config } from './config/config.ts';
import { ApprovalResolver } from './approvals/approval.resolver.ts';
import { HubKeysResolver } from './agent-gateway/hub-keys.resolver.ts';
import { AssignmentResolver } from './assignments/assignment.resolver.ts';
import { AuditLogResolver } from './audit-log/audit-log.resolver.ts';
import { BlueprintResolver } from './blueprints/blueprint.resolver.ts';
import { ClusterStatusResolver, StatusObjectsResolver } from './cluster-status/status.resolver.ts';
import { ClusterResolver } from './clusters/cluster.resolver.ts';
import { DocumentResolver } from './documents/document.resolver.ts';
import { ClaimResolver } from './namespace-claims/claim.resolver.ts';
import { ExceptionResolver } from './namespace-policies/exception.resolver.ts';
import { GuardRailsResolver } from './namespace-policies/guard-rails.resolver.ts';
import { IsolationResolver } from './namespace-policies/isolation.resolver.ts';
import {
  NamespacePolicyResolver,
  NamespacePolicyVersionResolver,
  PreviewResolver,
} from './namespace-policies/namespace-policy.resolver.ts';
import {
  PolicyContentResolver,
  PolicyRequestResolver,
} from './namespace-policies/policy-request.resolver.ts';
import {
  DomainErrorFilter,
  formatGraphqlErrors,
  statusOfErrors,
} from './platform/graphql-errors.ts';
import { inlineFields } from './platform/inline-fields.ts';
import { JsonScalar } from './platform/json-scalar.ts';
import { noIntrospection, widthRule } from './platform/query-shape.ts';
import { costRule } from './platform/query-cost.ts';
import { ClusterPolicySetResolver, PolicySetResolver } from './policy-sets/policy-set.resolver.ts';
import type { Services } from './services.ts';

/** Where every operation and field of the API lives. */
export const RESOLVERS: Type[] = [
  JsonScalar,
  AccessResolver,
  ClusterResolver,
  ClaimResolver,
  BlueprintResolver,
  AssignmentResolver,
  NamespacePolicyResolver,
  NamespacePolicyVersionResolver,
  PreviewResolver,
  PolicyRequestResolver,
  PolicyContentResolver,
  ExceptionResolver,
  IsolationResolver,
  GuardRailsResolver,
  DocumentResolver,
  AuditLogResolver,
  ClusterPolicySetResolver,
  PolicySetResolver,
  ApprovalResolver,
  HubKeysResolver,
  ClusterStatusResolver,
  StatusObjectsResolver,
];

/** Deepest query that is answered; the deepest of our own has 8 levels. */
const QUERY_DEPTH_MAX = 12;
/** Longest query; the longest of our own has 200 tokens. Documents and other long texts travel as variables. */
const QUERY_TOKENS_MAX = 2_000;

/** What a document must keep to, beside GraphQL's own rules. */
export function validationRules({ API_EXPLORER }: Config): ValidationRule[] {
  const rules = [costRule, widthRule, ...(API_EXPLORER ? [] : [noIntrospection])];
  return rules as unknown as ValidationRule[];
}

/** The GraphQL API over services that were wired by hand (services.ts). `schemaFile` writes the schema there. */
@Module({})
export class HubModule {
  static of(services: Services, schemaFile?: string): DynamicModule {
    const { injectables, refusals, config, logger } = services;
    const values: Provider[] = injectables.map((instance) => ({
      provide: instance.constructor,
      useValue: instance,
    }));
    return {
      module: HubModule,
      imports: [
        GraphQLModule.forRoot<MercuriusDriverConfig>({
          driver: MercuriusDriver,
          autoSchemaFile: schemaFile ?? true,
          sortSchema: true,
          transformSchema: (schema: GraphQLSchema) =>
            auditedMutations(guardFields(inlineFields(schema)), refusals),
          jit: 1,
          ide: false,
          queryDepth: QUERY_DEPTH_MAX,
          allowBatchedQueries: false,
          graphql: { parseOptions: { maxTokens: QUERY_TOKENS_MAX } },
          validationRules: validationRules(config),
          additionalRouteOptions: graphqlRoute(services),
          context: (request: FastifyRequest) => ({
            actor: actorOf(request),
            origin: originOf(request),
          }),
          errorFormatter: (result: { errors?: readonly object[]; data?: unknown }) => ({
            statusCode: statusOfErrors(result.errors ?? []),
            response: {
              data: result.data ?? null,
              errors: (result.errors ?? []).flatMap((error) => formatGraphqlErrors(error, logger)),
            },
          }),
        } as MercuriusDriverConfig),
      ],
      providers: [
        ...values,
        ...RESOLVERS,
        { provide: APP_GUARD, useClass: AccessGuard },
        { provide: APP_FILTER, useClass: DomainErrorFilter },
      ],
    };
  }
}
