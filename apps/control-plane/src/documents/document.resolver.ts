import { Args, Mutation, Resolver } from '@nestjs/graphql';

import { CurrentActor, Requires } from '../access/access.guard.ts';
import type { Actor } from '../access/actor.ts';
import { ApplyDocumentsInput, ApplyDocumentsResult } from './document.graphql.ts';
import { DocumentService } from './document.service.ts';

@Resolver()
export class DocumentResolver {
  constructor(private readonly documents: DocumentService) {}

  @Mutation(() => ApplyDocumentsResult, {
    description: 'Takes a multi-document YAML as one change, all or nothing.',
  })
  @Requires('write', 'Blueprint', 'NamespacePolicy')
  applyDocuments(
    @CurrentActor() actor: Actor,
    @Args('input') { project, yaml, dryRun }: ApplyDocumentsInput,
  ): Promise<object> {
    return this.documents.apply(actor, project ?? 'default', yaml, dryRun ?? false);
  }
}
