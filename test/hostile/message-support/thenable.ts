type Settle = (value: unknown) => void;

/** Something that can be awaited and is no promise. */
export function thenable(run: (resolve: Settle, reject: Settle) => void): object {
  return withThen({ value: run });
}

const method = "then";

/** An object that is asked for its `then` when it is awaited. */
export function withThen(descriptor: PropertyDescriptor): object {
  return Object.defineProperty({}, method, descriptor);
}
