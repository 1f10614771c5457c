import { createHash } from 'node:crypto';

/** The conventions' namespace for `service.instance.id`. */
const namespace = Buffer.from('4d63009a8d0f11eeaad74c796ed8e320', 'hex');

/** A UUID version 5: the same text gives the same id at each start (semantic conventions, `service.instance.id`). */
export function instanceId(text: string): string {
  const hash = createHash('sha1').update(namespace).update(text).digest();
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = hash.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    '-',
  );
}
