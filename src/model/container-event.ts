/** Something that happened to a container. */
export interface ContainerEvent {
  /** 64 hexadecimal digits. */
  readonly id: string;
  /** The engine's word: `start`, `die`, `health_status: healthy`. */
  readonly action: string;
  /** By the engine's clock, in nanoseconds since the epoch, to the 256 that a double tells apart. */
  readonly nanos?: number;
  /** The container's labels among the engine's own: `name`, `image`, `exitCode`, `signal`. */
  readonly attributes: Readonly<Record<string, string>>;
}
