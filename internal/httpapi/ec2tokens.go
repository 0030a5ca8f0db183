package httpapi

import (
	"net/http"

	"github.com/lintel-id/lintel/internal/auth"
	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/awsauth"
	"github.com/lintel-id/lintel/internal/httpapi/schema"
)

// Services ask about requests that were signed with the key of an EC2 credential.
var ec2TokenRoutes = []route{
	{method: post, path: "/v3/ec2tokens", serve: (*API).issueEC2Token, actions: []authz.Action{authz.EC2TokensValidate}, rel: "OS-EC2/1.0/ec2tokens",
		summary: "Issue the token of who signed a request to EC2", answer: one("token"), success: []int{200}, bears: []string{"X-Subject-Token"},
		sends: schema.EC2Request},
	{method: post, path: "/v3/s3tokens", serve: (*API).issueS3Token, actions: []authz.Action{authz.S3TokensValidate}, rel: "s3tokens/1.0/s3tokens",
		summary: "Show the token of who signed a request to S3", answer: one("token"), success: []int{200}, sends: schema.S3Request},
}

func (a *API) issueEC2Token(w http.ResponseWriter, r *request) error {
	issued, err := a.issueSigned(r, authz.EC2TokensValidate, func(in *schema.Object) *auth.SignedRequest {
		return &auth.SignedRequest{Access: schema.Field[string](in, "access"), Signature: &awsauth.EC2Request{
			Verb: text[string](in, "verb"), Host: text[string](in, "host"), Path: text[string](in, "path"),
			Params: pairs(in.Object("params")), Headers: pairs(in.Object("headers")),
			BodyHash: text[string](in, "body_hash"), Signature: text[string](in, "signature"),
		}}
	})
	if err != nil {
		return err
	}
	return writeToken(w, http.StatusOK, issued)
}

func (a *API) issueS3Token(w http.ResponseWriter, r *request) error {
	issued, err := a.issueSigned(r, authz.S3TokensValidate, func(in *schema.Object) *auth.SignedRequest {
		return &auth.SignedRequest{Access: schema.Field[string](in, "access"), Signature: &awsauth.S3Request{
			Token: text[string](in, "token"), Signature: text[string](in, "signature"),
			Params: pairs(in.Object("params")), Headers: pairs(in.Object("headers")),
		}}
	})
	if err != nil {
		return err
	}
	return writeTokenBody(w, http.StatusOK, issued)
}

// issueSigned reads what a service knows of a request to it, which may stand under several names, and logs its signer in.
func (a *API) issueSigned(r *request, action authz.Action, read func(*schema.Object) *auth.SignedRequest) (auth.Issued, error) {
	var signed *auth.SignedRequest
	if r.Body.Len() > 0 {
		in := r.Body.Object("credentials")
		for _, name := range []string{"credential", "ec2Credentials"} {
			if in.Len() == 0 {
				in = r.Body.Object(name)
			}
		}
		signed = read(in)
	}
	issued, err := a.Auth.IssueSigned(r.Context(), r.Caller, action, signed)
	if err == nil {
		actor, _ := issued.Token.Actor()
		r.subjectUser = string(actor.ID)
	}
	return issued, err
}

// pairs are the members of an object, in their order. What is no text is written as Python would.
func pairs(in *schema.Object) (out awsauth.Pairs) {
	for name, value := range in.All() {
		out = append(out, awsauth.Pair{Name: name, Value: schema.Text(value)})
	}
	return out
}
