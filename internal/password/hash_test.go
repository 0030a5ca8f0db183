package password

import "testing"

func TestUpstreamHashes(t *testing.T) {
	for _, hash := range []string{
		"$2b$12$6LwdV21yuXj9juUSZb5rm.KiPran6Modmk/.PHMRgbV5nSW.1.h3O",
		"$bcrypt-sha256$v=2,t=2b,r=12$JijDdggHpsgD5s/4lAaM3.$iQylebc7I6W0eUH51agm.ojt.j35V.C",
		"$scrypt$ln=16,r=8,p=1$5AbKqparhlZW76Ds33FQ2Q$buQ5qr/9LXewuzO87LVMwV4vxS0ZrEcqjSMvqH1mBvM",
		"$pbkdf2-sha512$25000$6TbNlj5lUexMwK1g26LfPQ$hA0UgKOB1llG0z+t+Or0ijeGcCEfZ4bibJqIDmeMgNgFXFP04Leus/Oe6bz5zDl2/cdco7lQYMety4Xwdlnvhw",
	} {
		for pw, want := range map[string]bool{"secret": true, "Secret": false} {
			got, err := Hasher{}.Verify(hash, pw)
			if got != want || err != nil {
				t.Errorf("Verify(%q, %q) = %v, %v; want %v", hash, pw, got, err, want)
			}
		}
	}
}
