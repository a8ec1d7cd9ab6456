import type { Labels } from '../hub/operations.ts';

/** A cluster of the demo as a platform team would find it: some namespaces, some pods, no policies. */
export interface DemoCluster {
  readonly name: string;
  readonly labels: Labels;
  readonly namespaces: Readonly<Record<string, DemoNamespace>>;
}

interface DemoNamespace {
  readonly labels: Labels;
  readonly pods: Readonly<Record<string, Labels>>;
}

const platform: Readonly<Record<string, DemoNamespace>> = {
  'kube-system': {
    labels: {},
    pods: { 'coredns-5d78c9869d-4xq2p': { 'k8s-app': 'kube-dns' } },
  },
  monitoring: {
    labels: { purpose: 'monitoring' },
    pods: { 'prometheus-0': { 'app.kubernetes.io/name': 'prometheus' } },
  },
  'ingress-nginx': {
    labels: { purpose: 'ingress' },
    pods: { 'controller-7c9f6d8b5-m2k8w': { 'app.kubernetes.io/name': 'ingress-nginx' } },
  },
};

const shop: DemoNamespace = {
  labels: { tenant: 'shop' },
  pods: {
    'web-6b7d9c5f4-8hj2l': { app: 'web' },
    'cart-5f8c7d6b9-q4w7z': { app: 'cart' },
    'cart-db-0': { app: 'cart-db' },
  },
};

const payments: DemoNamespace = {
  labels: { tenant: 'payments' },
  pods: { 'ledger-78d5c6f9b-x9t3r': { app: 'ledger' }, 'ledger-db-0': { app: 'ledger-db' } },
};

export const demoClusters: readonly DemoCluster[] = [
  {
    name: 'prod-eu-1',
    labels: { tier: 'prod', region: 'eu' },
    namespaces: { ...platform, shop, payments },
  },
  {
    name: 'prod-us-1',
    labels: { tier: 'prod', region: 'us' },
    namespaces: { ...platform, shop },
  },
  {
    name: 'staging-1',
    labels: { tier: 'staging', region: 'eu' },
    namespaces: {
      ...platform,
      shop,
      sandbox: { labels: { tenant: 'sandbox' }, pods: { 'scratch-0': { app: 'scratch' } } },
    },
  },
];
