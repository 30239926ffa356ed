// A file of its own, so that only who reads XML loads it.
export { parser } from 'sax';
