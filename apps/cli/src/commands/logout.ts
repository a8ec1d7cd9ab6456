import { Command } from 'commander';

import { withdrawSignIn } from '../hub/issuer.ts';
import { forgetLogin, rememberedLogin } from '../hub/login.ts';

/** `picket logout`: forgets what `picket login` remembered. */
export function logoutCommand(): Command {
  return new Command('logout')
    .summary('forget the login')
    .description(
      'Forgets what `picket login` remembered, and ends a sign-in at its issuer. An API token goes on: picket token revoke.',
    )
    .action(async () => {
      const login = rememberedLogin();
      // First here: whatever the issuer answers, nobody finds it on this machine.
      forgetLogin();
      const { signIn } = login ?? {};
      if (signIn && signIn.refreshToken !== null)
        await withdrawSignIn(signIn, signIn.refreshToken).catch((error: Error) =>
          console.error(
            `The issuer was not told, and the sign-in ends by itself: ${error.message}`,
          ),
        );
      console.log(login ? `Logged out (${login.file})` : 'Nobody was logged in.');
    });
}
