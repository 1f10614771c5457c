import type { Chosen, ChosenByKey } from './candidate.ts';

/** Settings that may not be given together, or not without another. */
interface Contradiction {
  readonly given: readonly string[];
  readonly without?: string;
  readonly why: string;
}

const contradictions: readonly Contradiction[] = [
  { given: ['demo', 'dockerUrl'], why: 'the demo brings its own engine; leave out one of them' },
  { given: ['replay', 'dockerUrl'], why: 'a recording is its own engine; leave out one of them' },
  { given: ['demo', 'replay'], why: 'each brings its own engine; leave out one of them' },
  needsKey('dockerTlsCert', 'dockerTlsKey', '--docker-tls-key'),
  needsCertificate('dockerTlsKey', 'dockerTlsCert', '--docker-tls-cert'),
  needsKey('otlpClientCertificate', 'otlpClientKey', '--otlp-client-key'),
  needsCertificate('otlpClientKey', 'otlpClientCertificate', '--otlp-client-certificate'),
];

/** What values cannot show one by one. */
export interface Contradicted {
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
  /** Without the variables of the specification that took part: they are ignored. */
  readonly chosen: ChosenByKey;
}

/** Judges the whole of what is given. */
export function judgeTogether(chosen: ChosenByKey): Contradicted {
  const problems: string[] = [];
  const warnings: string[] = [];
  const kept = new Map(chosen);
  for (const { given, without, why } of contradictions) {
    const parties = given.map((key) => chosen.get(key)).filter((each) => each !== undefined);
    if (!parties.every(isGiven) || (without !== undefined && isGiven(chosen.get(without)))) continue;
    const mistake = `${parties.flatMap(({ names }) => names).join(' with ')}: ${why}`;
    const forgiven = parties.filter(({ isForgiven }) => isForgiven);
    for (const each of forgiven) kept.set(each.setting.key, { ...each, names: [], values: [] });
    if (forgiven.length > 0) warnings.push(`${mistake}; ignored`);
    else problems.push(mistake);
  }
  return { problems, warnings, chosen: kept };
}

/** `--demo=false` gives nothing that could contradict, nor does what gives way. */
function isGiven(chosen: Chosen | undefined): boolean {
  return chosen !== undefined && !chosen.yields && chosen.values.some((value) => value !== false);
}

function needsKey(certificate: string, key: string, flag: string): Contradiction {
  return { given: [certificate], without: key, why: `a client certificate needs its key: give ${flag}` };
}

function needsCertificate(key: string, certificate: string, flag: string): Contradiction {
  return { given: [key], without: certificate, why: `a key needs its client certificate: give ${flag}` };
}
