// Package identity is the vocabulary of Lintel: users, projects, roles, scopes, tokens, callers, and the errors and
// queries that go with them. Every room passes and returns these types, so there is one shape of a user in the whole
// program. The package imports only the standard library and holds no rules.
//
// Ids of different things are different types: handing a user where a project belongs does not compile.
package identity
