// Names and values in two columns.

export interface Fact {
  readonly name: string;
  readonly value: string;
}

export function FactTable({ facts, label }: { facts: readonly Fact[]; label: string }) {
  if (facts.length === 0) return null;
  return (
    <section class="section">
      <h3>{label}</h3>
      <table class="facts">
        <tbody>
          {facts.map(({ name, value }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{value}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
