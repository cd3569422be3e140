import { defineEnvVars } from '@sveltejs/kit/env';

export const variables = defineEnvVars({
  OXCART_API_URL: {
    description: 'Where the Oxcart server answers /api, as this server sees it',
    schema: (value) => (value ?? 'http://127.0.0.1:8080').replace(/\/$/, ''),
  },
  OXCART_WEB_SECRET: {
    description: 'What this server and the Oxcart server prove themselves with to one another',
    schema: (value) => value ?? '',
  },
  OXCART_STYLEGUIDE: {
    description: 'Whether the built shop shows /styleguide as well: on or off',
    schema: (value) => value === 'on',
  },
});
