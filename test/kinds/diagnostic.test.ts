import { expect, test } from 'vitest';
import { readDiagnostic } from '../../kinds/terraform/diagnostic.ts';

test('an error of Terraform is read with its place and what it says', () => {
  const output = `
╷
│ Warning: Something
│
│ It is not that bad.
╵
╷
│ Error: Reference to undeclared resource
│
│   on outputs.tf line 3, in output "id":
│    3:   value       = terraform_data.netwrok.id
│
│ A managed resource "terraform_data" "netwrok" has not been declared in the
│ root module.
╵
`;
  expect(readDiagnostic(output)).toEqual({
    summary: 'Reference to undeclared resource',
    detail: 'A managed resource "terraform_data" "netwrok" has not been declared in the root module.',
    file: 'outputs.tf',
    line: 3,
    variable: undefined,
  });
});

test('a wrong value names the variable that it is the value of', () => {
  const output = `
Error: Invalid value for variable

  on ~~atmos-deployment.auto.tfvars.json line 2:
   2:   "cidr": "not-a-range",
    ├────────────────
    │ var.cidr is "not-a-range"

A network's range is in CIDR notation: 10.0.0.0/16.
`;
  expect(readDiagnostic(output)).toMatchObject({ file: '~~atmos-deployment.auto.tfvars.json', line: 2, variable: 'cidr' });
});

test('of errors that say only that others follow, the one that follows is told', () => {
  const output = `
Error: Terraform encountered problems during initialisation, including problems
with the configuration, described below.

The Terraform configuration must be valid before initialization so that
Terraform can determine which modules and providers need to be installed.

Error: Duplicate backend configuration

  on main.tf line 2, in terraform:
   2:   backend "s3" {}

A module may have only one backend configuration.
`;
  expect(readDiagnostic(output)).toMatchObject({ summary: 'Duplicate backend configuration', file: 'main.tf', line: 2 });
});

test('what is no error of Terraform is none', () => {
  expect(readDiagnostic('sh: terraform: not found\n')).toBeUndefined();
});
