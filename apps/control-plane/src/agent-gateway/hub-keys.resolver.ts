import { Field, Int, ObjectType, Query, Resolver } from '@nestjs/graphql';

import { Requires } from '../access/access.guard.ts';
import { HubKeys } from './hub-keys.ts';

@ObjectType('HubKey', { description: 'A key that signs grants.' })
export class HubKeyType {
  @Field({ description: 'Its name in grants and statements.' }) keyId!: string;
  @Field({ description: 'Raw Ed25519 public key, base64url.' }) publicKey!: string;
}

@ObjectType('HubKeys', { description: 'The keys that agents accept grants from.' })
export class HubKeysType {
  @Field({ description: 'The one that signs.' }) keyId!: string;
  @Field(() => Int, {
    description: 'Of the last key statement; 0: the key was never rotated.',
  })
  counter!: number;
  @Field(() => [HubKeyType], { description: 'All that count now.' }) keys!: HubKeyType[];
}

@Resolver(() => HubKeysType)
export class HubKeysResolver {
  constructor(private readonly keys: HubKeys) {}

  @Query(() => HubKeysType, {
    description: 'Which keys sign grants. An agent that is as far has the same keysCounter.',
  })
  @Requires('read', 'Organization')
  hubKeys(): object {
    return this.keys;
  }
}
