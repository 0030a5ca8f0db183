package membership

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
	mails "github.com/lintel-id/lintel/internal/mail"
	"github.com/lintel-id/lintel/internal/store"
)

// Purposes of links: what was asked for and waits to be looked at, and what sets a password.
const (
	askedReset  = "asked reset"
	toReset     = "reset"
	toBootstrap = "bootstrap" // like reset, but printed on the console
)

const (
	askedLife     = 30 * time.Minute // of a wish that waits to be looked at
	bootstrapLife = 15 * time.Minute

	// Asking counts by what was entered, be there such an account or not, and by where it came from; mails count by account.
	asksPerName, asksPerSource, resetsPerAccount = 3, 10, 3
)

// resetAsk is a wish for a new password as it waits.
type resetAsk struct {
	Name, Domain, Lang, From, Request string
}

// AskReset takes down that somebody wants a new password. It does the same, and takes the same time, whether there is such an
// account or not: who that is, Tend finds out later. It is open to all. S-118
func (s *Service) AskReset(ctx context.Context, name, domain, lang, source, agent string) error {
	if !s.Mails() {
		return identity.Missing("mail server", "")
	}
	data, err := json.Marshal(resetAsk{cut(name), cut(domain), lang, cut(source + ", " + agent), requestID(ctx)})
	if err != nil {
		return err
	}
	const often = "That was asked for too often. Please try again later."
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		if err := limited(ctx, tx, asksPerSource, time.Hour, often, "reset from", source); err != nil {
			return err
		}
		if err := limited(ctx, tx, asksPerName, time.Hour, often, "reset of", strings.ToLower(name), strings.ToLower(domain)); err != nil {
			return err
		}
		_, err := s.link(ctx, tx, askedReset, tx.NewID(), string(data), tx.Now().Add(askedLife))
		return err
	})
}

func cut(text string) string {
	runes := []rune(strings.ToValidUTF8(text, ""))
	return string(runes[:min(len(runes), 255)])
}

// Tend looks at what people asked for and writes the mails. It runs beside requests, on any node.
func (s *Service) Tend(ctx context.Context) error {
	waiting, err := s.DB.OpenLinks(ctx, askedReset, 50)
	if err != nil {
		return err
	}
	for _, l := range waiting {
		err := s.DB.Update(ctx, func(tx *store.Tx) error {
			if used, err := tx.UseLink(ctx, askedReset, l.Digest); err != nil || !used {
				return err
			}
			return s.sendReset(ctx, tx, l)
		})
		if err != nil {
			return err
		}
	}
	return s.tellOfDemands(ctx)
}

func (s *Service) sendReset(ctx context.Context, tx *store.Tx, l identity.Link) error {
	var ask resetAsk
	if err := json.Unmarshal([]byte(l.Data), &ask); err != nil {
		return err
	}
	u, err := s.meant(ctx, tx, ask)
	if isMissing(err) {
		if address, wrong := Address(ask.Name); wrong == nil && s.TellUnknown {
			_, err := s.Office.Post(ctx, tx, mails.ResetUnknown, ask.Lang, mails.Values{To: address, Address: address, From: ask.From, Request: ask.Request, Link: "/forgot"})
			return err
		}
		return nil
	} else if err != nil {
		return err
	}
	if !s.Directory.Enabled(u, tx.Now()) || emailOf(u) == "" {
		return nil
	}
	if theirs, err := s.addressIsTheirs(ctx, tx, u); err != nil || !theirs {
		return err
	}
	if err := limited(ctx, tx, resetsPerAccount, time.Hour, "", "reset mail", string(u.ID)); errors.Is(err, identity.TooManyRequests) {
		return nil
	} else if err != nil {
		return err
	}
	lang, err := languageOf(ctx, tx, u, ask.Lang)
	if err != nil {
		return err
	}
	v := mails.Values{To: emailOf(u), Name: u.Name, From: ask.From, Request: ask.Request, Until: tx.Now().Add(s.ResetLife)}
	if !s.Directory.ChoosesPassword(u) {
		var providers []string
		for _, f := range u.Federated {
			if id := string(f.IdentityProviderID); !slices.Contains(providers, id) {
				providers = append(providers, id)
			}
		}
		v.Words = strings.Join(providers, " / ")
		_, err := s.Office.Post(ctx, tx, mails.ResetElsewhere, lang, v)
		return err
	}
	mark, err := s.mark(ctx, tx, u)
	if err != nil {
		return err
	}
	secret, err := s.link(ctx, tx, toReset, string(u.ID), mark, v.Until)
	if err != nil {
		return err
	}
	v.Link = "/reset/" + secret
	if v.Code, err = s.mailed(ctx, tx, v.To, secret, v.Until); err != nil {
		return err
	}
	_, err = s.Office.Post(ctx, tx, mails.Reset, lang, v)
	return err
}

// languageOf is the language that a user has chosen, else another.
func languageOf(ctx context.Context, tx *store.Tx, u identity.User, otherwise string) (string, error) {
	p, err := tx.Profile(ctx, u.ID)
	if err == nil && p.Language == "" {
		p.Language = otherwise
	}
	return p.Language, err
}

// addressIsTheirs tells whether a mail to a user's address may let its reader in. Somebody else who set the address must be one who could
// act on the account now: it may have risen since. What was set before anybody took notes is trusted.
func (s *Service) addressIsTheirs(ctx context.Context, tx *store.Tx, u identity.User) (bool, error) {
	all, err := tx.Origins(ctx, u.ID)
	o, noted := all[identity.Address]
	if err != nil || !noted || o.SetterID == u.ID {
		return err == nil, err
	}
	setter, err := s.Standing(ctx, tx, o.SetterID, o.Scope)
	if errors.Is(err, identity.Unauthorized) { // they may be gone for good reasons
		return s.Authority.Ordinary(ctx, tx, u.ID)
	} else if err != nil {
		return false, err
	}
	err = s.Authority.Account(ctx, tx, setter, u)
	if errors.Is(err, identity.Forbidden) {
		return false, nil
	}
	return err == nil, err
}

// meant is whose password somebody wants to set, if their domain is enabled.
func (s *Service) meant(ctx context.Context, tx *store.Tx, ask resetAsk) (u identity.User, err error) {
	u, err = s.Directory.Meant(ctx, tx, ask.Name, ask.Domain)
	if err != nil {
		return u, err
	}
	d, err := tx.Domain(ctx, u.DomainID)
	if err == nil && !d.Enabled {
		err = identity.Missing("user", ask.Name)
	}
	return u, err
}

// mark changes with the password and the address of a user: then links that were sent before open nothing.
func (s *Service) mark(ctx context.Context, tx *store.Tx, u identity.User) (string, error) {
	history, err := tx.Passwords(ctx, u.ID)
	if err != nil {
		return "", err
	}
	text := emailOf(u)
	if len(history) > 0 {
		last := history[len(history)-1]
		text += "\x00" + last.Hash + "\x00" + last.CreatedAt.String()
	}
	return digest(text), nil
}

// LookReset tells for whom a link sets a password, and changes nothing. One that cannot be used any more is Gone.
func (s *Service) LookReset(ctx context.Context, secret string) (u identity.User, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		_, u, err = s.resets(ctx, tx, secret)
		return err
	})
	return u, err
}

func (s *Service) resets(ctx context.Context, tx *store.Tx, secret string) (l identity.Link, u identity.User, err error) {
	if l, err = tx.Link(ctx, toReset, digest(secret)); isMissing(err) {
		l, err = tx.Link(ctx, toBootstrap, digest(secret))
	}
	if err != nil {
		return l, u, err
	}
	if err := over(tx, l); err != nil {
		return l, u, err
	}
	if u, err = tx.User(ctx, identity.UserID(l.Subject)); isMissing(err) {
		return l, u, errLinkOver
	} else if err != nil {
		return l, u, err
	}
	mark, err := s.mark(ctx, tx, u)
	if err == nil && (mark != l.Data || !s.Directory.ChoosesPassword(u) || !s.Directory.Enabled(u, tx.Now())) {
		err = errLinkOver
	}
	return l, u, err
}

// Reset sets the password of whom a link was sent to. All tokens and sessions of the account end, and its owner is told. Nobody is
// logged in by it: a second factor is asked for as ever. S-119, S-120
func (s *Service) Reset(ctx context.Context, secret, pw string) error {
	u, err := s.LookReset(ctx, secret)
	if err != nil {
		return err
	}
	chosen, err := s.Directory.Choose(ctx, u.DomainID, u.ID, pw)
	if err != nil {
		return err
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		var l identity.Link
		if l, u, err = s.resets(ctx, tx, secret); err != nil {
			return err
		}
		if used, err := tx.UseLink(ctx, l.Purpose, l.Digest); err != nil || !used {
			return errors.Join(err, errLinkOver)
		}
		return s.Directory.SetChosen(ctx, tx, u.ID, chosen)
	})
}

// BootstrapLink makes a link by which an administrator chooses a password, and returns the page of the portal that it leads to. It asks
// nobody's leave: it is for whoever has the database itself at hand, to be printed on the console. Mails that strangers ask for do not
// end it, newer ones of its kind do.
func (s *Service) BootstrapLink(ctx context.Context, tx *store.Tx, u identity.User) (path string, err error) {
	if !s.Directory.ChoosesPassword(u) {
		return "", identity.Refusedf("The password of %s is not kept here, or is locked.", u.Name)
	}
	mark, err := s.mark(ctx, tx, u)
	if err != nil {
		return "", err
	}
	secret, err := s.link(ctx, tx, toBootstrap, string(u.ID), mark, tx.Now().Add(bootstrapLife))
	if err != nil {
		return "", err
	}
	return "/reset/" + secret + "?next=/portal/security/totp/new", tx.Record(ctx, untold(identity.Done("user", "link_printed", u.ID)))
}

// SendReset sends somebody a link to set a new password, for who may change the account (identity:update_user). Without a mail
// server, or for an account without an address, it returns the link's secret, to be handed on.
func (s *Service) SendReset(ctx context.Context, caller identity.Caller, id identity.UserID, lang string) (secret string, err error) {
	if err := inPerson(caller); err != nil {
		return "", err
	}
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		u, err := s.Directory.Touchable(ctx, tx, caller, id)
		if err != nil {
			return err
		}
		secret, err = s.sendLink(ctx, tx, caller, u, lang)
		return err
	})
	return secret, err
}

// sendLink makes a link by which a user sets the password, and mails it if it can.
func (s *Service) sendLink(ctx context.Context, tx *store.Tx, caller identity.Caller, u identity.User, lang string) (secret string, err error) {
	if !s.Directory.ChoosesPassword(u) || !s.Directory.Enabled(u, tx.Now()) {
		return "", identity.Refusedf("The account is disabled, or its password is not kept or not to be changed here.")
	}
	if err := limited(ctx, tx, resetsPerAccount, time.Hour, "That was asked for too often. Please try again later.", "reset mail", string(u.ID)); err != nil {
		return "", err
	}
	mark, err := s.mark(ctx, tx, u)
	if err != nil {
		return "", err
	}
	until := tx.Now().Add(s.ResetLife)
	if secret, err = s.link(ctx, tx, toReset, string(u.ID), mark, until); err != nil {
		return "", err
	}
	if err := tx.Record(ctx, identity.Updated("user", u.ID).By(caller)); err != nil {
		return "", err
	}
	if !s.Mails() || emailOf(u) == "" { // who holds the link can use it
		return secret, tx.PutOrigin(ctx, identity.Origin{UserID: u.ID, What: identity.Password, SetterID: caller.UserID(), Scope: caller.Token.Scope})
	}
	code, err := s.mailed(ctx, tx, emailOf(u), secret, until)
	if err != nil {
		return "", err
	}
	if lang, err = languageOf(ctx, tx, u, lang); err != nil {
		return "", err
	}
	actor, _ := caller.Token.Actor()
	_, err = s.Office.Post(ctx, tx, mails.Reset, lang, mails.Values{To: emailOf(u), Name: u.Name, By: mails.Called(actor), Request: requestID(ctx), Until: until, Link: "/reset/" + secret, Code: code})
	return "", err
}
