import { createCipheriv, createDecipheriv, createHmac, createPrivateKey, randomBytes, scryptSync } from 'node:crypto';
import type { Functions, TemplateFunction } from '../language/call.ts';
import { typed } from '../language/signature.ts';

/** The forms of the passwords of Master Password (https://spectre.app), by their kind; each letter stands for one of its characters. */
const FORMS: Readonly<Record<string, string>> = {
  maximum: 'anoxxxxxxxxxxxxxxxxx axxxxxxxxxxxxxxxxxno',
  long: `CvcvnoCvcvCvcv CvcvCvcvnoCvcv CvcvCvcvCvcvno CvccnoCvcvCvcv CvccCvcvnoCvcv CvccCvcvCvcvno CvcvnoCvccCvcv
    CvcvCvccnoCvcv CvcvCvccCvcvno CvcvnoCvcvCvcc CvcvCvcvnoCvcc CvcvCvcvCvccno CvccnoCvccCvcv CvccCvccnoCvcv
    CvccCvccCvcvno CvcvnoCvccCvcc CvcvCvccnoCvcc CvcvCvccCvccno CvccnoCvcvCvcc CvccCvcvnoCvcc CvccCvcvCvccno`,
  medium: 'CvcnoCvc CvcCvcno',
  short: 'Cvcn',
  basic: 'aaanaaan aannaaan aaannaaa',
  pin: 'nnnn',
};
const [VOWELS, CONSONANTS, DIGITS] = ['aeiou', 'bcdfghjklmnpqrstvwxyz', '0123456789'];
const LETTERS = VOWELS.toUpperCase() + VOWELS + CONSONANTS.toUpperCase() + CONSONANTS;
const CHARACTERS: Readonly<Record<string, string>> = {
  V: VOWELS.toUpperCase(),
  C: CONSONANTS.toUpperCase(),
  v: VOWELS,
  c: CONSONANTS,
  a: LETTERS,
  n: DIGITS,
  o: "@&%?,=[]_:-+*$#!'^~;()/.",
  x: `${LETTERS}${DIGITS}!@#$%^&*()`,
};
const SEED = 'com.lyndir.masterpassword';

function derivePassword(counter: number, kind: string, password: string, user: string, site: string): string {
  const forms = Object.hasOwn(FORMS, kind) ? FORMS[kind]?.split(/\s+/) : undefined;
  if (forms === undefined) return `cannot find password template ${kind}`;
  const salt = Buffer.concat([Buffer.from(SEED), number(Buffer.byteLength(user)), Buffer.from(user)]);
  const key = scryptSync(password, salt, 64, { N: 32_768, r: 8, p: 2, maxmem: 64 * 1024 * 1024 });
  const bytes = createHmac('sha256', key)
    .update(Buffer.concat([Buffer.from(SEED), number(Buffer.byteLength(site)), Buffer.from(site), number(counter)]))
    .digest();
  const form = forms[(bytes[0] ?? 0) % forms.length] ?? '';
  return [...form]
    .map((letter, at) => {
      const characters = CHARACTERS[letter] ?? '';
      return characters[(bytes[at + 1] ?? 0) % characters.length];
    })
    .join('');
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

/** Passwords are keys of AES-256: cut, or filled with zeros. */
function keyOf(password: string): Buffer {
  const key = Buffer.alloc(32);
  key.write(password);
  return key;
}

function encrypt(password: string, plain: string): string {
  if (plain === '') return '';
  const start = randomBytes(16);
  const cipher = createCipheriv('aes-256-cbc', keyOf(password), start);
  return Buffer.concat([start, cipher.update(plain), cipher.final()]).toString('base64');
}

function decrypt(password: string, encrypted: string): string {
  if (encrypted === '') return '';
  const bytes = Buffer.from(encrypted, 'base64');
  if (bytes.length < 32 || bytes.length % 16 !== 0) throw new Error('what encryptAES has made is longer');
  const decipher = createDecipheriv('aes-256-cbc', keyOf(password), bytes.subarray(0, 16)).setAutoPadding(false);
  const plain = Buffer.concat([decipher.update(bytes.subarray(16)), decipher.final()]);
  const padding = plain.at(-1) ?? 0;
  if (padding === 0 || padding > 16 || !plain.subarray(-padding).every((byte) => byte === padding))
    throw new Error('the password is another one');
  return plain.subarray(0, -padding).toString('utf8');
}

function customCertificate(certificate: string, key: string): { readonly Cert: string; readonly Key: string } {
  const made = { Cert: Buffer.from(certificate, 'base64').toString('utf8'), Key: Buffer.from(key, 'base64').toString('utf8') };
  new (process.getBuiltinModule('node:crypto').X509Certificate)(made.Cert);
  createPrivateKey(made.Key);
  return made;
}

/** What makes a secret anew each time would be another one in each release, and everyone could read it there. */
function refused(name: string, instead: string): TemplateFunction {
  return () => {
    throw new Error(
      `${name} is not there in deployments: it would give something else for each release, and every release would show it; ${instead}`,
    );
  };
}

const KEYS = 'let Terraform make keys and certificates (provider "tls"), or give them as secrets of the target';
const HASHES = 'let Terraform do it (function bcrypt)';

/** Sprig's functions of keys and passwords. */
export const CIPHERS: Functions = {
  derivePassword: typed('issss', derivePassword),
  encryptAES: typed('ss', encrypt),
  decryptAES: typed('ss', decrypt),
  randBytes: typed('i', (count) => randomBytes(count).toString('base64')),
  buildCustomCert: typed('ss', customCertificate),
  ...Object.fromEntries(
    [
      'genPrivateKey',
      'genCA',
      'genCAWithKey',
      'genSelfSignedCert',
      'genSelfSignedCertWithKey',
      'genSignedCert',
      'genSignedCertWithKey',
    ].map((name) => [name, refused(name, KEYS)]),
  ),
  bcrypt: refused('bcrypt', HASHES),
  htpasswd: refused('htpasswd', HASHES),
  getHostByName: () => {
    throw new Error('getHostByName is not there in deployments: what a stack means must not depend on what a server says today');
  },
};
