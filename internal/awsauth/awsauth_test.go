package awsauth

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
)

// UnmarshalJSON keeps the order of the members.
func (ps *Pairs) UnmarshalJSON(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		var p Pair
		name, err := d.Token()
		if err != nil {
			return err
		}
		p.Name = name.(string)
		if err := d.Decode(&p.Value); err != nil {
			return err
		}
		*ps = append(*ps, p)
	}
	return nil
}

// vector is a request that upstream's code has signed.
type vector struct {
	Name, Secret, Signature string
	Token                   string // of a request to S3
	Request                 struct {
		Verb, Host, Path string
		Params, Headers  Pairs
		BodyHash         string `json:"body_hash"`
	}
}

func (v *vector) isS3() bool { return v.Token != "" }

func (v *vector) ec2() *EC2Request {
	r := v.Request
	return &EC2Request{
		Verb: r.Verb, Host: r.Host, Path: r.Path, Params: slices.Clone(r.Params), Headers: slices.Clone(r.Headers), BodyHash: r.BodyHash,
		Signature: v.Signature,
	}
}

func vectors(t testing.TB) (all []vector) {
	t.Helper()
	data, err := os.ReadFile("testdata/vectors.json")
	if err == nil {
		err = json.Unmarshal(data, &all)
	}
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestVectors(t *testing.T) {
	for _, v := range vectors(t) {
		check := v.ec2().Check
		if v.isS3() {
			check = (&S3Request{Token: v.Token, Signature: v.Signature}).Check
		}
		if err := check(v.Secret); err != nil {
			t.Errorf("%s: %v", v.Name, err)
		}
		if check(v.Secret+"x") == nil || check("") == nil { // S-053
			t.Errorf("%s: another secret is right, too", v.Name)
		}
	}
}

func (ps Pairs) set(name, value string) {
	for i := range ps {
		if ps[i].Name == name {
			ps[i].Value = value
		}
	}
}

// S-053
func TestChanged(t *testing.T) {
	changes := map[string]struct {
		versions string // in which the change matters
		change   func(*EC2Request)
	}{
		"method":        {"24", func(r *EC2Request) { r.Verb += "X" }},
		"host":          {"2", func(r *EC2Request) { r.Host = "x" + r.Host }},
		"path":          {"24", func(r *EC2Request) { r.Path += "x" }},
		"action":        {"012", func(r *EC2Request) { r.Params.set("Action", "Other"); r.Params = append(r.Params, Pair{"More", "1"}) }},
		"time":          {"0", func(r *EC2Request) { r.Params.set("Timestamp", "2027-03-04T05:06:07Z") }},
		"further":       {"12", func(r *EC2Request) { r.Params = append(r.Params, Pair{"Further", ""}) }},
		"signed header": {"4", func(r *EC2Request) { r.Headers.set("Host", "x"); r.Headers.set("host", "x") }},
		"body":          {"4", func(r *EC2Request) { r.BodyHash = strings.Repeat("0", 64) }},
		"time of the day": {"4", func(r *EC2Request) {
			r.Headers.set("X-Amz-Date", "20260304T050608Z")
			r.Params.set("X-Amz-Date", "20260304T050608Z")
		}},
		"day": {"4", func(r *EC2Request) {
			r.Headers.set("X-Amz-Date", "20260305T050607Z")
			r.Params.set("X-Amz-Date", "20260305T050607Z")
		}},
		"no time": {"4", func(r *EC2Request) { r.Headers.set("X-Amz-Date", ""); r.Params.set("X-Amz-Date", "") }},
		"short scope": {"4", func(r *EC2Request) {
			r.Headers.set("Authorization", algorithm4+" Credential=A/20260304/eu,SignedHeaders=host")
			r.Params.set("X-Amz-Credential", "A/20260304/eu")
		}},
		"signature":        {"0124", func(r *EC2Request) { r.Signature = r.Signature[1:] }},
		"no signature":     {"0124", func(r *EC2Request) { r.Signature = "" }},
		"unknown version":  {"012", func(r *EC2Request) { r.Params.set("SignatureVersion", "3") }},
		"no version":       {"012", func(r *EC2Request) { r.Params.set("SignatureVersion", "") }},
		"nothing but that": {"0124", func(r *EC2Request) { *r = EC2Request{Signature: r.Signature} }},
	}
	for _, v := range vectors(t) {
		if v.isS3() {
			continue
		}
		version, _ := v.Request.Params.Get("SignatureVersion")
		if version == "" {
			version = "4"
		}
		for name, c := range changes {
			r := v.ec2()
			c.change(r)
			if strings.Contains(c.versions, version) && r.Check(v.Secret) == nil {
				t.Errorf("%s: still right with another %s", v.Name, name)
			}
		}
	}
}

// Some clients leave the port out of what they sign.
func TestWithoutPort(t *testing.T) {
	for _, v := range vectors(t) {
		if v.Name != "version 2" {
			continue
		}
		for host, right := range map[string]bool{"cloud.example:8773": true, "Cloud.example:1": true, "Cloud.example": false, "cloud.example.:1": false, ":1": false} {
			r := v.ec2()
			r.Host = host
			if got := r.Check(v.Secret) == nil; got != right {
				t.Errorf("%s: got %t, want %t", host, got, right)
			}
		}
	}
	for host, want := range map[string]string{
		"A.b:80": "a.b", "[2001:DB8::1]:80": "2001:db8::1", "u@H:1": "h", "x:y:z": "x", "h:80/p": "h",
	} {
		if got := hostname(host); got != want {
			t.Errorf("%s: got %s, want %s", host, got, want)
		}
	}
}

func TestStringsToSign(t *testing.T) {
	for _, v := range vectors(t) {
		if !v.isS3() {
			continue
		}
		for token, right := range map[string]bool{
			strings.NewReplacer("-", "+", "_", "/").Replace(v.Token): true,
			v.Token[:8] + "\n" + v.Token[8:]:                         true,
			v.Token[:8] + "AAAA" + v.Token[8:]:                       false,
			v.Token + "A":                                            false,
			"":                                                       false,
			"QVdTNA==":                                               false, // AWS4
		} {
			if got := (&S3Request{Token: token, Signature: v.Signature}).Check(v.Secret) == nil; got != right {
				t.Errorf("%s: %q: got %t, want %t", v.Name, token, got, right)
			}
		}
	}
	for _, scope := range []string{"20260304/eu/ec2/aws4_request", "20260304/eu/s3/aws4", "20260304/eu/s3/aws4_request/", "eu/s3/aws4_request", ""} {
		text := "AWS4-HMAC-SHA256\n20260304T050607Z\n" + scope + "\nabab"
		r := S3Request{Token: base64.URLEncoding.EncodeToString([]byte(text)), Signature: "x"}
		if err := r.Check("secret"); err == nil || errors.Is(err, ErrMismatch) {
			t.Errorf("%q: got %v", scope, err)
		}
	}
}

func TestTimes(t *testing.T) {
	for name, c := range map[string]struct {
		request EC2Request
		want    []string
	}{
		"none":            {},
		"of version 2":    {EC2Request{Params: Pairs{{"Timestamp", "1"}}, Headers: Pairs{{"X-Amz-Date", "not signed"}}}, []string{"1"}},
		"only in headers": {EC2Request{Headers: Pairs{{"X-Amz-Date", "2"}}}, []string{"2"}},
		// A parameter of a POST is not signed and must not stand in for the time that is.
		"of version 4": {EC2Request{
			Params:  Pairs{{"Timestamp", "1"}, {"X-Amz-Date", "3"}},
			Headers: Pairs{{"X-Amz-Date", "2"}, {"Authorization", algorithm4}},
		}, []string{"1", "2", "3"}},
	} {
		if got := c.request.Times(); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

func FuzzEC2(f *testing.F) {
	for _, v := range vectors(f) {
		auth, _ := v.Request.Headers.Get("Authorization")
		version, _ := v.Request.Params.Get("SignatureVersion")
		f.Add(v.Request.Verb, v.Request.Host, v.Request.Path, version, auth, "20260304T050607Z", v.Signature)
	}
	f.Fuzz(func(t *testing.T, verb, host, path, version, auth, date, signature string) {
		r := EC2Request{
			Verb: verb, Host: host, Path: path, Params: Pairs{{"SignatureVersion", version}, {"Action", path}},
			Headers: Pairs{{"Authorization", auth}, {"X-Amz-Date", date}, {"Host", host}}, Signature: signature,
		}
		if r.Check("a secret nobody knows") == nil {
			t.Errorf("right: %+v", r)
		}
		r.Times()
	})
}

func FuzzS3(f *testing.F) {
	for _, v := range vectors(f) {
		f.Add(v.Token, v.Signature)
	}
	f.Fuzz(func(t *testing.T, token, signature string) {
		if (&S3Request{Token: token, Signature: signature}).Check("a secret nobody knows") == nil {
			t.Errorf("right: %q %q", token, signature)
		}
	})
}
