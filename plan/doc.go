// Package plan decides. Given what is known (the systems, the policy, how the grid
// stands) it says what comes next. Everything here is a pure function of its
// arguments: no clock, no input or output, no Temporal.
package plan
