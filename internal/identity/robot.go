package identity

// Robot is something that logs in for a user, or in their name, when they are not there to show a second factor.
type Robot struct {
	Kind      string // application_credential, credential (an EC2 key), OS-TRUST:trust, OS-OAUTH1:access_token
	ID, Name  string
	ProjectID ProjectID
	Project   string // its name
	UserID    UserID // for whom it logs in

	Stand  string // whether it may log in beside the second factor: see the constants
	Reason string // why its user keeps it
}

// How a robot stands with the second factor of its user.
const (
	RobotSuspended = ""       // it may not log in while the factor is on
	RobotMinted    = "minted" // it was made by somebody who had shown the factor
	RobotKept      = "kept"   // its user wants it so
)

// Policies of what a second factor that users set up themselves means for what logs in without them.
const (
	RobotsMinted   = "minted-under-mfa" // it may log in if it was made with the factor, or is kept
	RobotsKeystone = "keystone"         // application credentials and OAuth tokens may if a rule says so; EC2 keys and trusts are not asked
	RobotsSeed     = "seed"             // application credentials and OAuth tokens may not; EC2 keys and trusts may, and people are warned of each
)
