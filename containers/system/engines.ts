/** Container engines that speak Docker's API. */
export type EngineName = 'docker' | 'podman';
