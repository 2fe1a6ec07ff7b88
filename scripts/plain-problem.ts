/** Printed as it is, without a stack: says what is wrong and the ways out. */
export class PlainProblem extends Error {}
