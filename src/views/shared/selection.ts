/** What a person points at. One selection for the whole page, so that views can show the same thing in their own way. */

/** Raw bytes that belong to the world: a vCPU's `kvm_run`, or a page that someone looked into. */
export type ByteSource =
  | { readonly of: 'kvmRun'; readonly vcpu: number }
  | { readonly of: 'image'; readonly index: number };

export type Selection =
  | { readonly kind: 'page'; readonly gfn: number }
  | { readonly kind: 'bytes'; readonly source: ByteSource; readonly offset: number; readonly length: number }
  | { readonly kind: 'variable'; readonly path: string };
