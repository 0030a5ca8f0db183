package awsauth

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
)

// S3Request is a request to S3 as its service describes it: by the string that was signed, in base64. Most services give
// no parameters and headers.
type S3Request struct {
	Token, Signature string
	Params, Headers  Pairs
}

// Times are as those of an [EC2Request].
func (r *S3Request) Times() []string {
	return (&EC2Request{Params: r.Params, Headers: r.Headers}).Times()
}

// Check returns nil when the request was signed with the secret.
func (r *S3Request) Check(secret string) error {
	if r.Signature == "" {
		return errUnsigned
	}
	text, err := r.text()
	if err != nil {
		return err
	}
	if !strings.HasPrefix(text, "AWS4") {
		return same(r.Signature, sha1Text(secret, text))
	}
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[0] != algorithm4 {
		return errors.New("not a string to sign of version 4")
	}
	scope := strings.Split(lines[2], "/")
	if len(scope) != 4 || scope[3] != "aws4_request" || !slices.Contains([]string{"s3", "iam", "sts"}, scope[2]) {
		return errors.New("not the scope of a request to s3, iam or sts")
	}
	return same(r.Signature, hex.EncodeToString(sha256MAC(key4(secret, scope[0], scope[1], scope[2]), text)))
}

// text is the string that was signed. Either alphabet of base64 will do, and what is in neither does not count.
func (r *S3Request) text() (string, error) {
	token := strings.Map(func(c rune) rune {
		switch {
		case c == '-':
			return '+'
		case c == '_':
			return '/'
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '+', c == '/', c == '=':
			return c
		}
		return -1
	}, r.Token)
	text, err := base64.StdEncoding.DecodeString(token)
	return string(text), err
}
