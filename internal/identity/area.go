package identity

import "slices"

// Area is a part of a project's pages in the portal. Somebody without any role on the project can be let into some of them: they
// look after people, programs or mails there, and get nothing of what the project holds.
type Area string

// The areas.
const (
	AreaPeople      Area = "people"       // see who has which role
	AreaAPIUsers    Area = "api-users"    // look after API users, with the roles of the main user
	AreaCredentials Area = "credentials"  // see what logs in, everybody's
	AreaContacts    Area = "contacts"     // say who gets mails
	AreaActivity    Area = "activity"     // see what was done
	AreaPortalUsers Area = "portal-users" // let others into areas that they have themselves
)

// Areas are all areas.
var Areas = []Area{AreaPeople, AreaAPIUsers, AreaCredentials, AreaContacts, AreaActivity, AreaPortalUsers}

// CheckAreas refuses what is no area, and none at all.
func CheckAreas(some []Area) error {
	if len(some) == 0 {
		return Invalidf("Choose at least one area.")
	}
	for _, a := range some {
		if !slices.Contains(Areas, a) {
			return Invalidf("%.80q is no area of a project's pages.", a)
		}
	}
	return nil
}

// PortalUser is somebody who was let into areas of a project's pages.
type PortalUser struct {
	UserID    UserID
	ProjectID ProjectID
	Areas     []Area
}
