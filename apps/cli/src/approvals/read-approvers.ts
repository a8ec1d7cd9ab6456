import { Failure, exitCode } from '../exit-code.ts';
import type { HubClient } from '../hub/hub-client.ts';
import { listAll } from '../hub/list-all.ts';
import { type Approvers, listApprovers } from '../hub/operations.ts';

/** Whose approval a project wants, by the word of the hub. */
export async function readApprovers(hub: HubClient, project: string): Promise<Approvers> {
  const projects = await listAll(
    async (after) => (await hub.ask(listApprovers, { after })).projects,
  );
  const found = projects.find(({ name }) => name === project);
  if (!found) throw new Failure(exitCode.refused, `There is no project ${project}`);
  return found.approvers;
}
