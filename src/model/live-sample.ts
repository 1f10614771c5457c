import type { ContainerSnapshot } from './snapshot.ts';

/** Result of measuring one container for its subscribers. */
export type LiveMeasurement =
  | { readonly outcome: 'measured'; readonly snapshot: ContainerSnapshot }
  /** It does not run, or gives no usage. */
  | { readonly outcome: 'not running' }
  | { readonly outcome: 'removed' }
  | { readonly outcome: 'failed'; readonly reason: string };
