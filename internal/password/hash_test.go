package password

import (
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"
)

const (
	longPassword    = "correct horse battery staple correct horse battery staple correct horse battery staple correct horse battery staple "
	unicodePassword = "zoë ☃ 密码"
)

// stored are hashes that upstream and passlib 1.7.4, upstream's library until 2024.2, made.
var stored = []struct{ by, password, hash string }{
	{"keystone", "secret", "$2b$12$6LwdV21yuXj9juUSZb5rm.KiPran6Modmk/.PHMRgbV5nSW.1.h3O"},
	{"keystone", "secret", "$bcrypt-sha256$v=2,t=2b,r=12$JijDdggHpsgD5s/4lAaM3.$iQylebc7I6W0eUH51agm.ojt.j35V.C"},
	{"keystone", "secret", "$scrypt$ln=16,r=8,p=1$5AbKqparhlZW76Ds33FQ2Q$buQ5qr/9LXewuzO87LVMwV4vxS0ZrEcqjSMvqH1mBvM"},
	{"keystone", "secret", "$pbkdf2-sha512$25000$6TbNlj5lUexMwK1g26LfPQ$hA0UgKOB1llG0z+t+Or0ijeGcCEfZ4bibJqIDmeMgNgFXFP04Leus/Oe6bz5zDl2/cdco7lQYMety4Xwdlnvhw"},

	{"passlib", "secret", "$2b$04$3ieOlVXI9n.E1prE6hIE6.n0457kwNsdVpnBcMN7KsMc07ushG.sC"},
	{"passlib", "secret", "$2y$04$.1tFPAPNy94p4C0obYu2UeL0y2VwXUXBSmax3zX032jfWmyWvNuLm"},
	{"passlib", "secret", "$2a$04$n5bbOBtXyjPKJPLzkEBqYeYlKhnNpTaVGGfqb/4uZWdIfjVpSLN/y"},
	{"passlib", "secret", "$bcrypt-sha256$2b,4$5IWxb4kCOzbxVEiUpBaA5u$m7S136jhVei6idmVJT0XzcWDCDAn/SW"},
	{"passlib", "secret", "$bcrypt-sha256$v=2,t=2b,r=4$WgwDpSkoFER3FK/Qp0ETQ.$iQ9.8QSMbHyncgCSGD42mrRZuCXDYUq"},
	{"passlib", "secret", "$pbkdf2-sha512$10$E2LM.X9PCSEkZGwNgbA2Zg$G5eMxhuzTlQCrrKRUIuOEnbl3Cbfdo5MeT9OxtN5ZLE1gQdwdYpQwEJaSkWKC8MHU5AWb6NzLhbbc58iNJBCoA"},
	{"passlib", "secret", "$scrypt$ln=4,r=8,p=2$/Z+zlrLW2vt/7937n1Pq3Q$WwCD5GT3+VfjqlWnFo5srYyRj0aawTCo9CbLNhJyfso"},
	{"passlib", "secret", "$6$rounds=1000$bMqJxHKMvpiyvU1T$4tembhOObsyTctNCvF4f8NZZM1w2O3T2j.XjGdeAweQu88gQyQqZK91yRQ9G8ebDwEEfy0hAwTk7DRW/QfGHY/"},
	{"passlib", "secret", "$6$3CO6iOFVv9cmak59$I4QeIpA.jDujnutwoDv7PulRclvs/J5aaENBruwTleMp3tIEskymXwIwvd2.7WUiLTv5Csf2YOwu6oXrqT6Te1"},

	{"passlib", longPassword, "$2b$04$GreglSw2grAEKSJdLLcDjeaw86phTiMnsfvjqrHszhm6a2AXp1kJ."},
	{"passlib", longPassword, "$bcrypt-sha256$2b,4$84uBwc.rGtSiC6pG1eiIF.$Z8ghFMHipmP0C3OygCjSmscHGQOdPa2"},
	{"passlib", longPassword, "$bcrypt-sha256$v=2,t=2b,r=4$ya/DVb1XgK.84vYnBpdOJ.$nnBcW/purhRXM1XaleG1DdFLDq513de"},
	{"passlib", longPassword, "$pbkdf2-sha512$10$PUdorbWWcs4Zo/Se877X.g$w3a2/pkhUCDZnxJd.xCxcZ3I3wiJQjCLVTxOoJahvi0FGCxMl4P27iZeYhgwCDmBcjx9rC.4Tb4kohugRM2cog"},
	{"passlib", longPassword, "$scrypt$ln=4,r=8,p=2$nzOmNGbMGWNMCQEghNA6hw$ngJHkyFLvh1NMzfX6NYxWgQyvEi+Nt8WPMvb6JqCfG8"},
	{"passlib", longPassword, "$6$rounds=1000$pM1qkuW4ebKCXHpu$FKBye/2P7b2lqwlayGxw.gislw0YVzpwRKUMn96PY6tib57CPCk/eZ7zc4nHYeo5cHMsgp0o7SjQKObcptFu1/"},

	{"passlib", unicodePassword, "$2b$04$v4PPDn9MnUz6YVw8awMZr.5E58NKm5W0Sg0Eads.fIHCmGMGSR.J6"},
	{"passlib", unicodePassword, "$bcrypt-sha256$2b,4$LamixymrBXGsPowBQZZOnu$XDbOL1y0Wc4SrVOv/95N/CNygSnDnwC"},
	{"passlib", unicodePassword, "$bcrypt-sha256$v=2,t=2b,r=4$pblsrCj51ljLps9sWstZme$cFg5IEhOQl6dMguhXBlsq8u70qveI.a"},
	{"passlib", unicodePassword, "$pbkdf2-sha512$10$yZnz3rvXOkcoRYgxBqAU4g$DQ1nv3t0fnpySlLtZEcEh3AKGH0oLXVF.N2mCCjc2cfqRF0PlCz8BbRDXsW0LRQt7KMJLXfhuhZcLx91rCumhQ"},
	{"passlib", unicodePassword, "$scrypt$ln=4,r=8,p=2$6j0nxBjjPIfwvtc6x5gTIg$XY+Hhc5UV33+2Yg0gZEip210a437o0uIE2V/gAI2gr0"},
	{"passlib", unicodePassword, "$6$JHb6tfRWkZv8vVqn$jk0HS.BudFM.f7cbo0nnX7ttwE09ID/iZA9weKIXxLpT1scRTCzD8jTZfnwh.gypjaSlsTYMKtBAj2tGaPsA/0"},
}

// full is a hasher that cuts no password shorter than 4096 bytes.
var full = Hasher{Algorithm: BcryptSHA256}

// S-026
func TestStoredHashes(t *testing.T) {
	for _, s := range stored {
		got, err := full.Verify(s.hash, s.password)
		if !got || err != nil {
			t.Errorf("Verify(%q, %q) = %v, %v; want true", s.hash, s.password, got, err)
		}
	}
	for _, s := range stored[4:] { // the cheap ones
		for _, wrong := range []string{"", s.password + "x", strings.ToUpper(s.password), "x" + s.password[1:]} {
			isCut := strings.HasPrefix(s.hash, "$2") && len(s.password) > bcryptMax && wrong == s.password+"x"
			if got, err := full.Verify(s.hash, wrong); got != isCut || err != nil {
				t.Errorf("Verify(%q, %q) = %v, %v; want %v", s.hash, wrong, got, err, isCut)
			}
		}
	}
}

func TestHash(t *testing.T) {
	for _, tt := range []struct {
		hasher Hasher
		prefix string
		length int
	}{
		{Hasher{}, "$2b$12$", 60},
		{Hasher{Algorithm: Bcrypt, Rounds: 4}, "$2b$04$", 60},
		{Hasher{Algorithm: BcryptSHA256, Rounds: 4}, "$bcrypt-sha256$v=2,t=2b,r=4$", 82},
		{Hasher{Algorithm: BcryptSHA256, Rounds: 10}, "$bcrypt-sha256$v=2,t=2b,r=10$", 83},
		{Hasher{Algorithm: Scrypt, Rounds: 4, ScryptBlockSize: 2}, "$scrypt$ln=16,r=2,p=1$", 88},
		{Hasher{Algorithm: Scrypt, ScryptBlockSize: 1, ScryptParallelism: 2, SaltBytes: 8}, "$scrypt$ln=16,r=1,p=2$", 77},
		{Hasher{Algorithm: PBKDF2SHA512}, "$pbkdf2-sha512$25000$", 130},
		{Hasher{Algorithm: PBKDF2SHA512, Rounds: 9, SaltBytes: 96}, "$pbkdf2-sha512$9$", 232},
	} {
		hash, err := tt.hasher.Hash("sesame")
		if err != nil || !strings.HasPrefix(hash, tt.prefix) || len(hash) != tt.length {
			t.Errorf("%+v: Hash = %q (%d), %v; want %d characters from %q", tt.hasher, hash, len(hash), err, tt.length, tt.prefix)
			continue
		}
		if tt.hasher == (Hasher{}) {
			continue // slow; the cost was all that is special
		}
		for password, want := range map[string]bool{"sesame": true, "Sesame": false} {
			if got, err := tt.hasher.Verify(hash, password); got != want || err != nil {
				t.Errorf("%+v: Verify(%q, %q) = %v, %v; want %v", tt.hasher, hash, password, got, err, want)
			}
		}
		decoy, err := tt.hasher.decoy()
		if err != nil || !strings.HasPrefix(decoy, tt.prefix) || len(decoy) != tt.length {
			t.Errorf("%+v: decoy = %q, %v; want what a hash looks like: %q", tt.hasher, decoy, err, hash)
		}
		if got, err := tt.hasher.Verify(decoy, "sesame"); got || err != nil {
			t.Errorf("%+v: Verify of the decoy = %v, %v; want false", tt.hasher, got, err)
		}
	}
}

func TestValidate(t *testing.T) {
	for _, h := range []Hasher{
		{Algorithm: "sha512_crypt"},
		{Algorithm: "BCRYPT"},
		{Rounds: 3},
		{Rounds: 31},
		{Algorithm: BcryptSHA256, Rounds: 18},
		{Algorithm: Scrypt, ScryptBlockSize: 33},
		{Algorithm: Scrypt, ScryptParallelism: 1 << 20},
		{Algorithm: Scrypt, ScryptBlockSize: 1 << 62, ScryptParallelism: 1 << 62},
		{Algorithm: PBKDF2SHA512, Rounds: 1 << 40},
	} {
		if err := h.Validate(); err == nil {
			t.Errorf("%+v: Validate did not fail", h)
		}
		if hash, err := h.Hash("x"); err == nil {
			t.Errorf("%+v: Hash = %q, want an error", h, hash)
		}
	}
}

// S-021: which bytes of a password count.
func TestLongPasswords(t *testing.T) {
	ninety := strings.Repeat("0123456789", 9)
	for name, tt := range map[string]struct {
		hasher Hasher
		limit  int
	}{
		"bcrypt":              {Hasher{Rounds: 4}, 72},
		"bcrypt, shorter":     {Hasher{Rounds: 4, MaxLength: 64}, 64},
		"bcrypt_sha256":       {Hasher{Algorithm: BcryptSHA256, Rounds: 4}, 4096},
		"pbkdf2_sha512":       {Hasher{Algorithm: PBKDF2SHA512, Rounds: 1}, 4096},
		"pbkdf2_sha512, less": {Hasher{Algorithm: PBKDF2SHA512, Rounds: 1, MaxLength: 80}, 80},
	} {
		h := tt.hasher
		if got := h.Limit(); got != tt.limit {
			t.Errorf("%s: Limit = %d, want %d", name, got, tt.limit)
		}
		hash, err := h.Hash(ninety)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range []int{0, 53, 54, 63, 64, 71, 72, 79, 80, 89} {
			wrong := ninety[:i] + "x" + ninety[i+1:]
			want := i >= tt.limit // beyond the limit nothing counts, as upstream has it
			if got, err := h.Verify(hash, wrong); got != want || err != nil {
				t.Errorf("%s: with byte %d changed: %v, %v; want %v", name, i+1, got, err, want)
			}
		}

		// Set by the rules, no password is longer than what counts.
		rules := Rules{MaxBytes: h.Limit()}
		err = rules.Check(ninety)
		if tooLong := len(ninety) > tt.limit; tooLong != (err != nil) {
			t.Errorf("%s: Check of %d bytes: %v", name, len(ninety), err)
		}

		h.Strict = true
		for _, password := range []string{ninety[:min(90, tt.limit)], strings.Repeat("x", tt.limit+1)} {
			_, err := h.Verify(hash, password)
			long, ok := errors.AsType[*TooLongError](err)
			if want := len(password) > tt.limit; ok != want || (ok && long.Limit != tt.limit) {
				t.Errorf("%s, strict: Verify of %d bytes: %v", name, len(password), err)
			}
		}
		if _, err := h.Hash(strings.Repeat("x", tt.limit+1)); err == nil {
			t.Errorf("%s, strict: Hash of %d bytes did not fail", name, tt.limit+1)
		}
	}
}

// S-022: every byte counts, whatever the script.
func TestPasswordsAreExact(t *testing.T) {
	h := Hasher{Algorithm: BcryptSHA256, Rounds: 4}
	for _, password := range []string{
		" leading and trailing spaces, more than sixty-four characters long, as it is ",
		strings.Repeat("🔑", 70),
		"e\u0301" + strings.Repeat("x", 64), // not the same as é
		"密码密码" + strings.Repeat("пароль", 20),
		"\t\n",
		"",
	} {
		hash, err := h.Hash(password)
		if err != nil {
			t.Fatal(err)
		}
		if ok, err := h.Verify(hash, password); !ok || err != nil {
			t.Errorf("Verify(%q) = %v, %v; want true", password, ok, err)
		}
		for _, other := range []string{password + " ", strings.TrimSpace(password), strings.ReplaceAll(password, "e\u0301", "é"), strings.ToUpper(password), password + "\x00"} {
			if other == password {
				continue
			}
			if ok, err := h.Verify(hash, other); ok || err != nil {
				t.Errorf("Verify(%q) of %q = %v, %v; want false", other, password, ok, err)
			}
		}
	}
}

// S-026: damaged hashes and absurd costs are refused before any work is done.
func TestUnusableHashes(t *testing.T) {
	const b64 = "5AbKqparhlZW76Ds33FQ2Q"
	scryptDigest := strings.Repeat("A", 43)
	hashes := []string{
		"", "$", "$$", "$$$$", "secret", "{SSHA}abc", "$1$salt$digest", "$7$C6..../....", "$2$12$6LwdV21yuXj9juUSZb5rm.KiPran6Modmk/.PHMRgbV5nSW.1.h3O",
		"$2b$31$6LwdV21yuXj9juUSZb5rm.KiPran6Modmk/.PHMRgbV5nSW.1.h3O",
		"$2b$18$6LwdV21yuXj9juUSZb5rm.KiPran6Modmk/.PHMRgbV5nSW.1.h3O",
		"$2b$03$6LwdV21yuXj9juUSZb5rm.KiPran6Modmk/.PHMRgbV5nSW.1.h3O",
		"$2b$xx$6LwdV21yuXj9juUSZb5rm.KiPran6Modmk/.PHMRgbV5nSW.1.h3O",
		"$2b$-4$6LwdV21yuXj9juUSZb5rm.KiPran6Modmk/.PHMRgbV5nSW.1.h3O",
		"$bcrypt-sha256$v=2,t=2b,r=31$JijDdggHpsgD5s/4lAaM3.$iQylebc7I6W0eUH51agm.ojt.j35V.C",
		"$bcrypt-sha256$v=3,t=2b,r=4$JijDdggHpsgD5s/4lAaM3.$iQylebc7I6W0eUH51agm.ojt.j35V.C",
		"$bcrypt-sha256$v=2,t=2z,r=4$JijDdggHpsgD5s/4lAaM3.$iQylebc7I6W0eUH51agm.ojt.j35V.C",
		"$bcrypt-sha256$v=2,r=4$JijDdggHpsgD5s/4lAaM3.$iQylebc7I6W0eUH51agm.ojt.j35V.C",
		"$bcrypt-sha256$$JijDdggHpsgD5s/4lAaM3.$iQylebc7I6W0eUH51agm.ojt.j35V.C",
		"$scrypt$ln=31,r=8,p=1$" + b64 + "$" + scryptDigest,
		"$scrypt$ln=22,r=8,p=1$" + b64 + "$" + scryptDigest,
		"$scrypt$ln=16,r=1073741824,p=1$" + b64 + "$" + scryptDigest,
		"$scrypt$ln=16,r=999999999,p=999999999$" + b64 + "$" + scryptDigest,
		"$scrypt$ln=16,r=8,p=4294967296$" + b64 + "$" + scryptDigest,
		"$scrypt$ln=16,r=8,p=99$" + b64 + "$" + scryptDigest,
		"$scrypt$ln=0,r=8,p=1$" + b64 + "$" + scryptDigest,
		"$scrypt$ln=4,r=0,p=1$" + b64 + "$" + scryptDigest,
		"$scrypt$ln=4,r=8$" + b64 + "$" + scryptDigest,
		"$scrypt$ln=4,r=8,p=1$" + b64 + "$" + scryptDigest[1:],
		"$scrypt$ln=4,r=8,p=1$" + b64 + "$",
		"$scrypt$ln=4,r=8,p=1$!$" + scryptDigest,
		"$pbkdf2-sha512$2147483648$" + b64 + "$" + strings.Repeat("A", 86),
		"$pbkdf2-sha512$5000001$" + b64 + "$" + strings.Repeat("A", 86),
		"$pbkdf2-sha512$0$" + b64 + "$" + strings.Repeat("A", 86),
		"$pbkdf2-sha512$-1$" + b64 + "$" + strings.Repeat("A", 86),
		"$pbkdf2-sha512$1$" + b64 + "$" + strings.Repeat("A", 85),
		"$pbkdf2-sha512$1$" + b64,
		"$6$rounds=2147483648$abc$" + strings.Repeat("A", 86),
		"$6$rounds=1$abc$" + strings.Repeat("A", 86),
		"$6$abc$" + strings.Repeat("A", 85),
		"$6$" + strings.Repeat("a", 17) + "$" + strings.Repeat("A", 86),
		"$6$rounds=1000",
		"$2b$12$" + strings.Repeat("A", 1<<20),
	}
	for _, s := range stored {
		hashes = append(hashes, s.hash[:len(s.hash)-1], s.hash[:len(s.hash)/2], s.hash+"A", s.hash[1:], s.hash[:len(s.hash)-1]+"!", s.hash+"\n")
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	for _, hash := range hashes {
		if strings.HasPrefix(hash, "$6$") && strings.HasSuffix(hash, "!") {
			continue // its digest is compared as text
		}
		got, err := full.Verify(hash, "secret")
		if got || !errors.Is(err, ErrHash) {
			t.Errorf("Verify(%.99q) = %v, %v; want ErrHash", hash, got, err)
		}
		if err != nil && len(hash) > 30 && strings.Contains(err.Error(), hash[len(hash)-20:]) {
			t.Errorf("the error shows the hash: %v", err)
		}
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("refusing %d hashes took %v, want less than a second", len(hashes), took)
	}
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 64<<20 {
		t.Errorf("refusing %d hashes allocated %d MB, want less than 64", len(hashes), grown>>20)
	}
}

func FuzzStoredHash(f *testing.F) {
	for _, s := range stored {
		f.Add(s.hash)
	}
	f.Add("$scrypt$p=1,r=1,ln=1$$" + strings.Repeat("A", 43))
	f.Add("$6$$" + strings.Repeat(".", 86))
	f.Fuzz(func(t *testing.T, hash string) {
		match, err := parse(hash)
		if err != nil {
			if !errors.Is(err, ErrHash) {
				t.Errorf("parse(%q): %v, want ErrHash", hash, err)
			}
			return
		}
		if match == nil {
			t.Errorf("parse(%q) gave nothing to match with", hash)
		}
	})
}

func BenchmarkVerifyBcrypt12(b *testing.B) {
	for b.Loop() {
		if ok, err := (Hasher{}).Verify(stored[0].hash, "secret"); !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}
