import { findKubeAssets } from '../kube/kube-assets.ts';
import setup from './jest-setup.ts';

/**
 * The system tests want an API server too; building it takes minutes the first time, so nobody else asks for it. A file of its own: Jest
 * runs a setup once for all projects that name it, and tells it of one of them.
 */
// oxlint-disable-next-line import/no-default-export -- Jest takes a global setup by its default export
export default async function setupSystem(): Promise<void> {
  try {
    process.env['PICKET_TEST_KUBE_ASSETS'] = await findKubeAssets();
  } catch (error) {
    process.env['PICKET_TEST_KUBE_MISSING'] =
      error instanceof Error ? error.message : String(error);
  }
  await setup();
}
