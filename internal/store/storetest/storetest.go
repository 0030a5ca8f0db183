// Package storetest is the suite that proves package store's promises on a database, and opens the databases to prove
// them on.
package storetest

import (
	"testing"

	"github.com/lintel-id/lintel/internal/store"
)

// Run checks that the databases that open hands out keep every promise of package store. Each test gets a fresh one.
func Run(t *testing.T, open func(testing.TB) *store.DB) {
	for _, tt := range []struct {
		name string
		test func(*testing.T, *store.DB)
	}{
		{"ViewSeesOneTime", testViewSeesOneTime},
		{"Users", testUsers},
		{"OddJSON", testOddJSON},
		{"UserNames", testUserNames},
		{"UserKinds", testUserKinds},
		{"UserFilters", testUserFilters},
		{"UserPages", testUserPages},
		{"SortedUsers", testSortedUsers},
		{"DomainPages", testDomainPages},
		{"UserChangesAreApart", testUserChangesAreApart},
		{"DeleteUser", testDeleteUser},
		{"Passwords", testPasswords},
		{"Failures", testFailures},
		{"ResetLastActive", testResetLastActive},
		{"PurgeIDMappings", testPurgeIDMappings},
		{"Groups", testGroups},
		{"Memberships", testMemberships},
		{"DeleteGroup", testDeleteGroup},
		{"MembershipsOfDeletedUsers", testMembershipsOfDeletedUsers},
		{"MadeBesideUserDeletion", testMadeBesideUserDeletion},
		{"MadeBesideProjectDeletion", testMadeBesideProjectDeletion},
		{"MadeBesideRoleDeletion", testMadeBesideRoleDeletion},
		{"Projects", testProjects},
		{"ProjectNames", testProjectNames},
		{"ProjectFilters", testProjectFilters},
		{"ProjectTree", testProjectTree},
		{"LimitsOfProjects", testLimitsOfProjects},
		{"ProjectChangesAreApart", testProjectChangesAreApart},
		{"DisableBesideCreate", testDisableBesideCreate},
		{"DeleteProject", testDeleteProject},
		{"DeleteDomain", testDeleteDomain},
		{"Roles", testRoles},
		{"Grants", testGrants},
		{"Scopes", testScopes},
		{"DeleteRole", testDeleteRole},
		{"ManyRules", testManyRules},
		{"RulesOfDeletedRoles", testRulesOfDeletedRoles},
		{"Labels", testLabels},
		{"PeopleOfProjects", testPeopleOfProjects},
		{"Realms", testRealms},
		{"LockedUsers", testLockedUsers},
		{"DomainOptions", testDomainOptions},
		{"PolicyAssociations", testPolicyAssociations},
		{"Limits", testLimits},
		{"ServiceProviders", testServiceProviders},
		{"RevocationRules", testRevocationRules},
		{"RevocationEvents", testRevocationEvents},
		{"RevocationReach", testRevocationReach},
		{"RevocationPrune", testRevocationPrune},
		{"EndpointFilters", testEndpointFilters},
		{"ApplicationCredentials", testApplicationCredentials},
		{"AccessRules", testAccessRules},
		{"DeleteRoleEndsApplicationCredentials", testDeleteRoleEndsApplicationCredentials},
		{"Trusts", testTrusts},
		{"TrustUses", testTrustUses},
		{"DeleteTrust", testDeleteTrust},
		{"FlushTrusts", testFlushTrusts},
		{"IdentityProviders", testIdentityProviders},
		{"Protocols", testProtocols},
		{"Mappings", testMappings},
		{"DeleteIdentityProvider", testDeleteIdentityProvider},
		{"Outbox", testOutbox},
		{"Lease", testLease},
		{"Trail", testTrail},
		{"TrailPages", testTrailPages},
		{"SignIns", testSignIns},
		{"Seen", testSeen},
		{"Mail", testMail},
		{"Invitations", testInvitations},
		{"RequestsForGrants", testGrantRequests},
		{"WaitingGrants", testWaitingGrants},
		{"SignUps", testSignUps},
		{"Links", testLinks},
		{"ProvidedGroups", testProvidedGroups},
		{"FederatedUsers", testFederatedUsers},
		{"OAuth1", testOAuth1},
		{"Uses", testUses},
		{"Factors", testFactors},
		{"Guesses", testGuesses},
		{"Passkeys", testPasskeys},
		{"Surfaces", testSurfaces},
		{"Accounts", testAccounts},
		{"Unattended", testUnattended},
		{"MethodRevocations", testMethodRevocations},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.test(t, open(t)) })
	}
}
