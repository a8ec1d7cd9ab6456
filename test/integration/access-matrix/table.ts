/**
 * What everybody may do, written by hand: never derived from the code of roles, so that a change there is seen here.
 *
 * Columns: who asks.
 *   Org       OrgAdmin of the organization
 *   Platform  PlatformAdmin of the project `shop`
 *   Clusters  PlatformAdmin of the clusters of `shop` with the label tier=prod
 *   Project   ProjectAdmin of `shop`
 *   Editor    NamespaceEditor of the namespace claim `web` of `shop`, which is in its clusters with tier=prod
 *   Viewer    NamespaceViewer of `web`
 *   Auditor   Auditor of the organization
 *   Custom    a role of the organization that is nothing but Cluster:read, in `shop`
 *   Bare      an API token without any role
 *   Agent     an agent of a cluster of `shop`, with the access token that opens its own door
 *   Nobody    no token
 *
 * Four letters in each: what the question is about.
 *   1  `shop`, its claim `web`, its clusters with tier=prod
 *   2  `shop`, another claim `api`, its clusters with tier=dev
 *   3  `bank`, another project of the organization
 *   4  `vault`, a project of another organization
 *
 * Letters: what is answered.
 *   +  it is done, or shown             0  an answer in which it is not, nor in the count
 *   F  FORBIDDEN                        M  the …_MISSING of the thing, as for one that never was
 *   P  PROJECT_MISSING                  E  ESCALATION: more would be given than one has
 *   O  OWN_REQUEST                      D  PROJECT_DIFFERS: the blueprint is not shared with the project
 *   U  UNAUTHENTICATED                  .  nothing to ask: the place makes no difference
 */
export const TABLE = `
                                        Org  Platform Clusters Project Editor Viewer Auditor Custom Bare Agent Nobody
me                                      +... +... +... +... +... +... +... +... +... U... U...
myPermissions                           +... +... +... +... +... +... +... +... F... U... U...
organization                            +... +... +... +... +... +... +... +... F... U... U...
roles                                   +... +... +... +... +... +... +... +... F... U... U...
hubKeys                                 +... +... +... +... +... +... +... +... F... U... U...
trustedNamespaceLabels                  +... +... F... +... +... +... +... F... F... U... U...
projects                                +.+0 +.00 F.FF +.00 +.00 +.00 +.+0 F.FF F.FF U.UU U.UU
cluster by id                           +++M ++MM +MMM ++MM +MMM +MMM +++M ++MM FFFF UUUU UUUU
cluster by name                         +++P ++PP +MMM ++PP +MPP +MPP +++P ++MM FFFF UUUU UUUU
cluster and its policy set              +++M ++MM +MMM ++MM FMMM FMMM +++M FFMM FFFF UUUU UUUU
cluster and the state of its objects    +++M ++MM +MMM ++MM FMMM FMMM +++M FFMM FFFF UUUU UUUU
clusters                                +++0 ++00 +000 ++00 +000 +000 +++0 ++00 FFFF UUUU UUUU
clusterChanged                          +++0 ++00 +000 ++00 +000 +000 +++0 ++00 FFFF UUUU UUUU
pendingApprovals                        +++0 ++00 +000 FFFF FFFF FFFF +++0 FFFF FFFF UUUU UUUU
policySetText                           +++M ++MM +MMM ++MM FFFF FFFF +++M FFFF FFFF UUUU UUUU
previewAssignment                       +++0 ++00 +000 ++00 +000 +000 +++0 ++00 FFFF UUUU UUUU
assignment by id                        +.+M +.MM F.FF +.MM F.FF F.FF +.+M F.FF F.FF U.UU U.UU
assignment by name                      +.+P +.PP F.FF +.PP F.FF F.FF +.+P F.FF F.FF U.UU U.UU
assignments                             +.+0 +.00 F.FF +.00 F.FF F.FF +.+0 F.FF F.FF U.UU U.UU
blueprint by id                         +.+M +.MM F.FF +.MM F.FF F.FF +.+M F.FF F.FF U.UU U.UU
blueprint by name                       +.+P +.PP F.FF +.PP F.FF F.FF +.+P F.FF F.FF U.UU U.UU
blueprint and with whom it is shared    +.+M +.MM F.FF F.MM F.FF F.FF F.FM F.FF F.FF U.UU U.UU
blueprints                              +.+0 +.00 F.FF +.00 F.FF F.FF +.+0 F.FF F.FF U.UU U.UU
diffBlueprintVersions                   +.+M +.MM F.FF +.MM F.FF F.FF +.+M F.FF F.FF U.UU U.UU
guardRails                              +.+P +.PP F.FF +.PP +.PP +.PP +.+P F.FF F.FF U.UU U.UU
namespaceClaim by id                    +++M ++MM FFFF ++MM +MMM +MMM +++M FFFF FFFF UUUU UUUU
namespaceClaim by name                  +++P ++PP FFFF ++PP +MPP +MPP +++P FFFF FFFF UUUU UUUU
namespaceClaims                         +++0 ++00 FFFF ++00 +000 +000 +++0 FFFF FFFF UUUU UUUU
namespacePolicy by id                   +++M ++MM FFFF ++MM +MMM +MMM +++M FFFF FFFF UUUU UUUU
namespacePolicy by name                 +++P ++PP FFFF ++PP +MPP +MPP +++P FFFF FFFF UUUU UUUU
namespacePolicy and with whom shared    +++M ++MM FFFF ++MM +MMM FMMM FFFM FFFF FFFF UUUU UUUU
namespacePolicies                       +++0 ++00 FFFF ++00 +000 +000 +++0 FFFF FFFF UUUU UUUU
previewNamespacePolicy                  +++P ++PP FFFF ++PP +MPP +MPP +++P FFFF FFFF UUUU UUUU
policyRequest                           +++M ++MM FFFF ++MM +MMM +MMM +++M FFFF FFFF UUUU UUUU
policyRequests                          +++0 ++00 FFFF ++00 +000 +000 +++0 FFFF FFFF UUUU UUUU
auditEvents                             +.+0 F.FF F.FF F.FF F.FF F.FF +.+0 F.FF F.FF U.UU U.UU
apiTokens                               +..0 F..F F..F F..F F..F F..F +..0 F..F F..F U..U U..U
roleBindings                            +++0 FFFF FFFF ++00 FFFF FFFF +++0 FFFF FFFF UUUU UUUU
whoCan in the organization              +... F... F... F... F... F... +... F... F... U... U...
whoCan in a project                     +.+P F.FF F.FF +.PP F.FF F.FF +.+P F.FF F.FF U.UU U.UU
whoCan in a claim                       +++P FFFF FFFF ++PP FFFF FFFF +++P FFFF FFFF UUUU UUUU
whoCan to a cluster                     +++M FFFF FFFF ++MM FFFF FFFF +++M FFFF FFFF UUUU UUUU

createProject                           +... F... F... F... F... F... F... F... F... U... U...
trustNamespaceLabels                    +... F... F... F... F... F... F... F... F... U... U...
registerCluster                         +++P ++PP PPPP FFFF FFFF FFFF FFFF FFFF FFFF UUUU UUUU
approveCluster                          +++M ++MM +MMM FFFF FFFF FFFF FFFF FFFF FFFF UUUU UUUU
labelCluster                            +++M ++MM +MMM FFFF FFFF FFFF FFFF FFFF FFFF UUUU UUUU
labelCluster out of the selector        +++M ++MM FMMM FFFF FFFF FFFF FFFF FFFF FFFF UUUU UUUU
reissueJoinToken                        +++M ++MM +MMM FFFF FFFF FFFF FFFF FFFF FFFF UUUU UUUU
removeCluster                           +++M ++MM +MMM FFFF FFFF FFFF FFFF FFFF FFFF UUUU UUUU
revokeCluster                           +++M ++MM +MMM FFFF FFFF FFFF FFFF FFFF FFFF UUUU UUUU
setApprovers                            +.+P +.PP P.PP F.FF F.FF F.FF F.FF F.FF F.FF U.UU U.UU
approvePolicySets                       +++M FFFF FFFF FFFF FFFF FFFF FFFF FFFF FFFF UUUU UUUU
saveBlueprintDraft                      +.+P +.PP F.FF F.FF F.FF F.FF F.FF F.FF F.FF U.UU U.UU
publishBlueprint                        +.+M +.MM F.FF F.FF F.FF F.FF F.FF F.FF F.FF U.UU U.UU
activateBlueprintVersion                +.+M +.MM F.FF F.FF F.FF F.FF F.FF F.FF F.FF U.UU U.UU
retireBlueprintVersion                  +.+M +.MM F.FF F.FF F.FF F.FF F.FF F.FF F.FF U.UU U.UU
shareBlueprint                          +.+M +.MM F.FF F.FF F.FF F.FF F.FF F.FF F.FF U.UU U.UU
shareBlueprint with a third project     +.+M P.MM F.FF F.FF F.FF F.FF F.FF F.FF F.FF U.UU U.UU
unshareBlueprint                        +.+M +.MM F.FF F.FF F.FF F.FF F.FF F.FF F.FF U.UU U.UU
createAssignment                        +.+P +.PP F.FF F.FF F.FF F.FF F.FF F.FF F.FF U.UU U.UU
createAssignment in shop, of blueprint  +.DM +.MM F.FF F.FF F.FF F.FF F.FF F.FF F.FF U.UU U.UU
moveAssignment                          +.+M +.MM F.FF F.FF F.FF F.FF F.FF F.FF F.FF U.UU U.UU
retargetAssignment                      +.+M +.MM F.FF F.FF F.FF F.FF F.FF F.FF F.FF U.UU U.UU
configureAssignment                     +.+M +.MM F.FF F.FF F.FF F.FF F.FF F.FF F.FF U.UU U.UU
deleteAssignment                        +.+M +.MM F.FF F.FF F.FF F.FF F.FF F.FF F.FF U.UU U.UU
applyDocuments with a blueprint         +.+P +.PP F.FF F.PP F.PP F.FF F.FF F.FF F.FF U.UU U.UU
applyDocuments with labels of a cluster +++P ++PP FFFF FFPP FMPP FFFF FFFF FFFF FFFF UUUU UUUU
applyDocuments in shop, of blueprint    +.DM +.MM F.FF F.FF F.FF F.FF F.FF F.FF F.FF U.UU U.UU
applyDocuments with a policy of a claim +++P ++PP FFFF ++PP +MPP FFFF FFFF FFFF FFFF UUUU UUUU
createNamespaceClaim                    +.+P +.PP F.FF +.PP F.FF F.FF F.FF F.FF F.FF U.UU U.UU
createNamespaceClaim of shop, there     +.+P +.PP F.FF +.PP F.FF F.FF F.FF F.FF F.FF U.UU U.UU
createNamespaceClaim everywhere         +... F... F... F... F... F... F... F... F... U... U...
updateNamespaceClaim                    +.+M +.MM F.FF +.MM F.FF F.FF F.FF F.FF F.FF U.UU U.UU
deleteNamespaceClaim                    +.+M +.MM F.FF +.MM F.FF F.FF F.FF F.FF F.FF U.UU U.UU
setGuardRails                           +.+P +.PP F.FF F.FF F.FF F.FF F.FF F.FF F.FF U.UU U.UU
saveNamespacePolicy                     +++P ++PP FFFF ++PP +MPP FFFF FFFF FFFF FFFF UUUU UUUU
deleteNamespacePolicy                   +++M ++MM FFFF ++MM +MMM FFFF FFFF FFFF FFFF UUUU UUUU
restoreNamespacePolicyVersion           +++M ++MM FFFF ++MM +MMM FFFF FFFF FFFF FFFF UUUU UUUU
shareNamespacePolicy                    +++M ++MM FFFF ++MM +MMM FFFF FFFF FFFF FFFF UUUU UUUU
shareNamespacePolicy with a third       +++M PPMM FFFF PPMM PMMM FFFF FFFF FFFF FFFF UUUU UUUU
unshareNamespacePolicy                  +++M ++MM FFFF ++MM +MMM FFFF FFFF FFFF FFFF UUUU UUUU
isolateNamespace                        +++P ++PP FFFF ++PP +MPP FFFF FFFF FFFF FFFF UUUU UUUU
isolateWorkload                         +++P ++PP FFFF ++PP +MPP FFFF FFFF FFFF FFFF UUUU UUUU
allowWorkload                           +++P ++PP FFFF ++PP +MPP FFFF FFFF FFFF FFFF UUUU UUUU
denyNamespace                           +++P ++PP FFFF ++PP +MPP FFFF FFFF FFFF FFFF UUUU UUUU
createException                         +++P ++PP FFFF ++PP +MPP FFFF FFFF FFFF FFFF UUUU UUUU
renewException                          +++M ++MM FFFF ++MM +MMM FFFF FFFF FFFF FFFF UUUU UUUU
endException                            +++M ++MM FFFF ++MM +MMM FFFF FFFF FFFF FFFF UUUU UUUU
approvePolicyRequest                    +++M ++MM FFFF FFFF FFFF FFFF FFFF FFFF FFFF UUUU UUUU
approvePolicyRequest of one’s own       OOOM OOMM FFFF FFFF FFFF FFFF FFFF FFFF FFFF UUUU UUUU
refusePolicyRequest                     +++M ++MM FFFF FFFF FFFF FFFF FFFF FFFF FFFF UUUU UUUU
withdrawPolicyRequest                   +++M ++MM FFFF ++MM +MMM FFFF FFFF FFFF FFFF UUUU UUUU
withdrawPolicyRequest of another        OOOM OOMM FFFF OOMM OMMM FFFF FFFF FFFF FFFF UUUU UUUU
createApiToken                          +... F... F... F... F... F... F... F... F... U... U...
revokeApiToken                          +..M F..F F..F F..F F..F F..F F..F F..F F..F U..U U..U
saveRole                                +... F... F... F... F... F... F... F... F... U... U...
deleteRole                              +..M F..F F..F F..F F..F F..F F..F F..F F..F U..U U..U
createRoleBinding everywhere            +... F... F... F... F... F... F... F... F... U... U...
createRoleBinding in a project          +.+P F.FF F.FF +.PP F.FF F.FF F.FF F.FF F.FF U.UU U.UU
createRoleBinding for clusters          +++P FFFF FFFF ++PP FFFF FFFF FFFF FFFF FFFF UUUU UUUU
createRoleBinding for a claim           +++P FFFF FFFF ++PP FFFF FFFF FFFF FFFF FFFF UUUU UUUU
createRoleBinding of more than one has  +.+P F.FF F.FF E.PP F.FF F.FF F.FF F.FF F.FF U.UU U.UU
createRoleBinding to a token            +..M F..F F..F +..M F..F F..F F..F F..F F..F U..U U..U
deleteRoleBinding                       +++M FFFF FFFF ++MM FFFF FFFF FFFF FFFF FFFF UUUU UUUU
deleteRoleBinding of more than one has  +.+M F.FF F.FF E.MM F.FF F.FF F.FF F.FF F.FF U.UU U.UU
`;

export const WHO = [
  'Org',
  'Platform',
  'Clusters',
  'Project',
  'Editor',
  'Viewer',
  'Auditor',
  'Custom',
  'Bare',
  'Agent',
  'Nobody',
] as const;
export type Who = (typeof WHO)[number];

export const LETTERS: Readonly<Record<string, string>> = {
  FORBIDDEN: 'F',
  PROJECT_MISSING: 'P',
  ESCALATION: 'E',
  OWN_REQUEST: 'O',
  PROJECT_DIFFERS: 'D',
  UNAUTHENTICATED: 'U',
};

const NAME_WIDTH = 40;
export const LINES = TABLE.split('\n')
  .slice(2)
  .filter((line) => line.trim() !== '')
  .map((line) => ({
    name: line.slice(0, NAME_WIDTH).trim(),
    /** One for each of `WHO`: four letters. */
    cells: line.slice(NAME_WIDTH).trim().split(' '),
  }));
