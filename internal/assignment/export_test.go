package assignment

// AccessIn is AccessOf inside a transaction, for whom nothing is hidden.
var AccessIn = accessOf
