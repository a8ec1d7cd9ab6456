import { Command, CommanderError } from 'commander';

import { agentCommand } from './commands/agent.ts';
import { analyzeCommands } from './commands/analyze.ts';
import { applyCommand } from './commands/apply.ts';
import { approveCommand } from './commands/approve.ts';
import { approversCommand } from './commands/approvers.ts';
import { claimCommand } from './commands/claim.ts';
import { auditCommand } from './commands/audit.ts';
import { clusterCommand } from './commands/cluster.ts';
import { diffCommand } from './commands/diff.ts';
import { getCommand } from './commands/get.ts';
import { guardRailsCommand } from './commands/guard-rails.ts';
import { hubKeysCommand } from './commands/hub-keys.ts';
import { loginCommand } from './commands/login.ts';
import { logoutCommand } from './commands/logout.ts';
import { policyCommand } from './commands/policy.ts';
import { policySetCommand } from './commands/policy-set.ts';
import { roleCommand } from './commands/role.ts';
import { tokenCommand } from './commands/token.ts';
import { permissionsCommand, whoAmICommand, whoCanCommand } from './commands/whoami.ts';
import { demoCommand } from './commands/demo.ts';
import { upCommand } from './commands/up.ts';
import { Failure, exitCode } from './exit-code.ts';

const HELP_AFTER = `
Finding the hub (first that is there wins):
  1. --url and --token-file
  2. PICKET_URL with PICKET_TOKEN or PICKET_TOKEN_FILE
  3. what \`picket login\` remembered
  4. .picket/connection.json here or in a folder above (a hub that \`picket up\` or \`picket demo\` runs)

Exit codes:
  0  done
  1  there are differences, a cluster is not as it should be, or an analysis has found something
  2  wrong usage or bad input
  3  the hub refused
  4  the hub, or what it runs on, cannot be reached

Examples:
  picket up
  picket login https://hub.example
  picket apply -f deploy/blueprints/zero-trust-baseline --dry-run
  picket cluster register prod-eu-1 --label tier=prod | kubectl apply -f -
  picket get status -o json
  picket analyze list -f manifests`;

/** The whole command line. It throws instead of ending the process. */
export function buildProgram(): Command {
  const program = new Command('picket')
    .description(
      'Keeps a fleet of Kubernetes clusters inside the network segmentation that its owners meant.',
    )
    .version('0.1.0')
    .addHelpText('after', HELP_AFTER)
    .configureHelp({ showGlobalOptions: false })
    .showHelpAfterError('(--help tells more)')
    .showSuggestionAfterError();
  for (const command of [
    upCommand(),
    demoCommand(),
    loginCommand(),
    logoutCommand(),
    whoAmICommand(),
    applyCommand(),
    diffCommand(),
    getCommand(),
    clusterCommand(),
    claimCommand(),
    guardRailsCommand(),
    policyCommand(),
    policySetCommand(),
    approveCommand(),
    approversCommand(),
    hubKeysCommand(),
    tokenCommand(),
    roleCommand(),
    whoCanCommand(),
    permissionsCommand(),
    auditCommand(),
    analyzeCommands(),
    agentCommand(),
  ])
    program.addCommand(command);
  inheritSettings(program);
  return program;
}

/** Runs one command line and answers the exit code; what went wrong is told on standard error. */
export async function runProgram(args: readonly string[]): Promise<number> {
  try {
    await buildProgram().parseAsync(args, { from: 'user' });
    return Number(process.exitCode ?? exitCode.ok);
  } catch (error) {
    if (error instanceof CommanderError)
      return error.exitCode === 0 ? exitCode.ok : exitCode.badInput;
    if (error instanceof Failure || isSystemError(error)) {
      console.error(error.message);
      return error instanceof Failure ? error.code : exitCode.unreachable;
    }
    throw error;
  }
}

/** What the operating system refused, such as a write to a full disk: its words name the file, and a stack adds nothing. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}

// Commands that were built on their own do not inherit these.
function inheritSettings(parent: Command): void {
  parent.exitOverride();
  for (const child of parent.commands) {
    child.copyInheritedSettings(parent);
    inheritSettings(child);
  }
}
