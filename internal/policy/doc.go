// Package policy reads and evaluates the policy language of OpenStack, as oslo.policy 6 does.
//
// A policy is a set of named rules. A rule is a check: whether somebody, described by credentials, may act on a target.
// Both are maps with the values that JSON knows.
//
//	rule    = "" | "@" | or                     ; nothing and "@" allow
//	or      = and { "or" and }
//	and     = not { "and" not }
//	not     = { "not" } primary
//	primary = "(" or ")" | "@" | "!" | check    ; "!" denies
//	check   = "role:" text                      ; the credentials hold this role, in any case
//	        | "rule:" name                      ; another rule, or the rule "default" where there is no such one
//	        | "http:" text | "https:" text      ; a remote server answers True
//	        | literal ":" text                  ; a Python literal, as in 'member':%(target.role.name)s
//	        | path ":" text                     ; a value of the credentials; dots walk into it, lists match on any item
//
// White space separates tokens; the words and, or and not are the same in any case. The text is a format in Python's
// manner: %(key)s stands for the target's value of that key, and a check whose key the target lacks is false. The older
// notation is a list, whose items are joined by "or"; an item that is a list itself is joined by "and".
//
// A check may also fail to evaluate, where Python raises: an [Enforcer] then returns an error, which always means no,
// whatever operators surround the check.
//
// Services bring defaults for their rules ([Default]); operators override them in files ([ReadFile]). An Enforcer holds both
// and may be told to follow the files while it runs.
package policy
