export { Browser } from './browser.ts';
export { TestIssuer, type Claims } from './test-issuer.ts';
