package credential_test

import (
	"slices"
	"testing"
)

func TestEC2KeysOfAUser(t *testing.T) {
	o := newOwner(t)
	at := "/v3/users/" + o.id + "/credentials/OS-EC2"
	o.Post(at, object{"tenant_id": "unknown"}).Want(404)
	made := o.Post(at, object{"tenant_id": o.on}).Want(201)
	access, secret := made.Get("credential.access"), made.Get("credential.secret")
	if made.Get("credential.tenant_id") != o.on || made.Get("credential.user_id") != o.id || len(access) != 32 || len(secret) != 32 {
		t.Errorf("made: %s", made.Body)
	}
	if got := o.Get(at + "/" + access).Want(200).Get("credential.secret"); got != secret {
		t.Errorf("secret: got %s, want %s", got, secret)
	}
	if got := o.Get(at).Want(200).Texts("credentials", "access"); !slices.Equal(got, []string{access}) {
		t.Errorf("list: got %v, want %v", got, access)
	}
	// It is also a credential like others, under the hash of its access key.
	if got := o.Get("/v3/credentials?type=ec2").Want(200).List("credentials"); len(got) != 1 {
		t.Errorf("credentials: %v", got)
	}
	// S-056, S-060
	eve := o.addUser("eve")
	stranger := o.env.Login("eve", "secret")
	stranger.Get(at).Want(403)
	for path, want := range map[string]int{at: 403, "/v3/users/" + eve + "/credentials/OS-EC2": 404} {
		for _, key := range []string{access, "unknown"} {
			stranger.Get(path + "/" + key).Want(want)
			stranger.Delete(path + "/" + key).Want(403) // it takes a role
		}
	}
	app := o.logIn(o.create(object{"name": "ci", "unrestricted": true})).Want(201).Actor()
	app.Get(at).Want(403)
	app.Get(at + "/" + access).Want(403)
	app.Post(at, object{"tenant_id": o.on}).Want(403)
	app.Delete(at + "/" + access).Want(403)
	o.Delete(at + "/" + access).Want(204)
	o.Get(at + "/" + access).Want(404)
	o.admin.Get(at + "/" + access).Want(404)
}
