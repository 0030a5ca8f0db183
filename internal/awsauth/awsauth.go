// Package awsauth checks the signatures of requests to EC2 and S3, which their services hand on because they do not know
// the secrets: signature versions 0, 1, 2 and 4 of EC2 requests (keystoneclient/contrib/ec2/utils.py), versions 1 (which S3
// calls 2) and 4 of S3's strings to sign (keystone/api/s3tokens.py).
//
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
package awsauth

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"hash"
)

// ErrMismatch says that a request was not signed with the secret, or is not the one that was signed.
var ErrMismatch = errors.New("the signature does not match")

// errUnsigned says that a request has no signature.
var errUnsigned = errors.New("no signature")

// Pair is a name with its value.
type Pair struct{ Name, Value string }

// Pairs are headers or parameters in the order that they came in. No name stands twice; those of headers may differ in
// case only.
type Pairs []Pair

// Get returns the value of a name, whose case counts, and whether it is there.
func (ps Pairs) Get(name string) (string, bool) {
	for _, p := range ps {
		if p.Name == name {
			return p.Value, true
		}
	}
	return "", false
}

func sum(h func() hash.Hash, key []byte, text string) []byte {
	mac := hmac.New(h, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

func sha256MAC(key []byte, text string) []byte { return sum(sha256.New, key, text) }

func sha1Text(secret, text string) string {
	return base64.StdEncoding.EncodeToString(sum(sha1.New, []byte(secret), text))
}

// key4 derives the key of version 4 for one day, region and service.
func key4(secret, day, region, service string) []byte {
	key := []byte("AWS4" + secret)
	for _, step := range []string{day, region, service, "aws4_request"} {
		key = sha256MAC(key, step)
	}
	return key
}

// same compares a signature with the right one.
func same(signature, right string) error {
	if !hmac.Equal([]byte(signature), []byte(right)) {
		return ErrMismatch
	}
	return nil
}
