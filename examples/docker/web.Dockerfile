# The backend of examples/studio-web, which is the context, and its pages.
FROM node:22-trixie-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY server ./server
COPY web ./web
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM node:22-trixie-slim
WORKDIR /app
COPY --from=build /app ./
USER node
EXPOSE 3001
CMD ["node", "server/main.js"]
