import { createHash } from 'node:crypto';
import { networkId } from '../world/network-id.ts';
import type { SimulatedContainer } from '../world/container.ts';

/** Shape of Moby's api/types/network EndpointSettings. */
interface EndpointSettings {
  readonly NetworkID: string;
  readonly EndpointID: string;
  readonly Gateway: string;
  readonly IPAddress: string;
  readonly IPPrefixLen: number;
  readonly MacAddress: string;
}

/** NetworkMode of list and inspect. */
export function networkMode({ spec }: SimulatedContainer): string {
  return spec.networks[0] ?? 'none';
}

/** The networks of a container by name, as in list and inspect; empty when it lives in another one's. */
export function endpoints(container: SimulatedContainer): Record<string, EndpointSettings> {
  const names = container.spec.networks.filter((name) => !name.startsWith('container:'));
  return Object.fromEntries(names.map((name, index) => [name, endpoint(container, name, index)]));
}

function endpoint(container: SimulatedContainer, name: string, index: number): EndpointSettings {
  const isUp = container.state.pid !== 0;
  const hasAddress = isUp && name !== 'host' && name !== 'none';
  // .0.1 is the gateway.
  const [high, low] = [((container.ordinal + 1) >> 8) & 255, (container.ordinal + 1) & 255];
  const hex = [172, 17 + index, high, low].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
  return {
    NetworkID: networkId(name),
    EndpointID: isUp ? createHash('sha256').update(`${container.id}/${name}`).digest('hex') : '',
    Gateway: hasAddress ? `172.${17 + index}.0.1` : '',
    IPAddress: hasAddress ? `172.${17 + index}.${high}.${low}` : '',
    IPPrefixLen: hasAddress ? 16 : 0,
    MacAddress: hasAddress ? `02:42:${hex}` : '',
    ...noOptions,
  };
}

const noOptions = {
  IPAMConfig: null,
  Links: null,
  Aliases: null,
  DriverOpts: null,
  GwPriority: 0,
  IPv6Gateway: '',
  GlobalIPv6Address: '',
  GlobalIPv6PrefixLen: 0,
  DNSNames: null,
};
