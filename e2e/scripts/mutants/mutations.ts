/**
 * Small wrong changes of a source file. Changed is what a function does when it is called; what a module computes while it
 * loads is data, and is held by tests of its own. Text for people, assertions and types stay as they are.
 */
import ts from 'typescript';

/** One change. `start` and `end` are offsets in the text of the file; `line` counts from 1. */
export interface Mutation {
  readonly start: number;
  readonly end: number;
  readonly line: number;
  readonly was: string;
  readonly becomes: string;
  /** A statement is left out; anything else is an expression. */
  readonly isStatement: boolean;
  /** Both expressions can be evaluated one after the other: neither calls, writes or waits. */
  readonly isPure: boolean;
  /** A condition that becomes always or never true. */
  readonly isCondition: boolean;
}

const { SyntaxKind: Kind } = ts;

/** Operators, and what each is taken for. */
const operators: ReadonlyMap<ts.SyntaxKind, readonly string[]> = new Map([
  [Kind.LessThanToken, ['<=', '>=']],
  [Kind.LessThanEqualsToken, ['<', '>']],
  [Kind.GreaterThanToken, ['>=', '<=']],
  [Kind.GreaterThanEqualsToken, ['>', '<']],
  [Kind.EqualsEqualsEqualsToken, ['!==']],
  [Kind.ExclamationEqualsEqualsToken, ['===']],
  [Kind.AmpersandAmpersandToken, ['||']],
  [Kind.BarBarToken, ['&&']],
  [Kind.PlusToken, ['-']],
  [Kind.MinusToken, ['+']],
  [Kind.AsteriskToken, ['+']],
  [Kind.SlashToken, ['*']],
  [Kind.PercentToken, ['*']],
  [Kind.AmpersandToken, ['|']],
  [Kind.BarToken, ['&']],
  [Kind.CaretToken, ['|']],
  [Kind.LessThanLessThanToken, ['>>']],
  [Kind.GreaterThanGreaterThanToken, ['<<']],
  [Kind.GreaterThanGreaterThanGreaterThanToken, ['<<']],
  [Kind.PlusEqualsToken, ['-=']],
  [Kind.MinusEqualsToken, ['+=']],
  [Kind.AmpersandEqualsToken, ['|=']],
  [Kind.BarEqualsToken, ['&=']],
]);

const methods: Readonly<Record<string, string>> = {
  some: 'every',
  every: 'some',
  find: 'findLast',
  findLast: 'find',
  min: 'max',
  max: 'min',
  startsWith: 'endsWith',
  trimEnd: 'trimStart',
};

const isText = (node: ts.Node): boolean =>
  ts.isStringLiteralLike(node) ||
  ts.isTemplateExpression(node) ||
  (ts.isBinaryExpression(node) && (isText(node.left) || isText(node.right)));

/** Assertions hold whatever the input is: without one, nothing that works is different. */
const isAssertion = (node: ts.Node): boolean =>
  ts.isThrowStatement(node) ||
  (ts.isCallExpression(node) &&
    /^(assert\w*|outside\w*|itemAt|unreachable)$/.test(node.expression.getText()));

const isYield = (node: ts.Node): boolean =>
  ts.isExpressionStatement(node) &&
  ts.isYieldExpression(node.expression) &&
  node.expression.expression === undefined;

/** Where work may be left: its result is the same wherever that is. Tests count the work between two such places. */
const isPause = (node: ts.Node): boolean =>
  isYield(node) || (ts.isIfStatement(node) && isYield(node.thenStatement) && !node.elseStatement);

/** Room that is made before it is written to: more of it is no difference. */
const isRoom = ({ parent }: ts.Node): boolean =>
  ts.isCallExpression(parent)
    ? /\breserve$/.test(parent.expression.getText())
    : ts.isBinaryExpression(parent) && isRoom(parent);

const isName = (node: ts.Node): boolean =>
  (ts.isPropertyAssignment(node.parent) && node.parent.name === node) ||
  ts.isPropertyDeclaration(node.parent) ||
  ts.isBindingElement(node.parent);

/** Numbers that a module names for itself: each use of one is changed in the place of the declaration. */
function namedNumbers(file: ts.SourceFile): ReadonlySet<string> {
  const names = file.statements
    .filter(ts.isVariableStatement)
    .flatMap(({ declarationList }) => [...declarationList.declarations])
    .filter(
      ({ initializer }) =>
        initializer && (ts.isNumericLiteral(initializer) || ts.isBigIntLiteral(initializer)),
    )
    .map(({ name }) => name.getText());
  return new Set(names);
}

/** Whether it calls, writes or waits, so that evaluating it twice is not the same as once. */
function doesSomething(node: ts.Node): boolean {
  return (
    ts.isCallExpression(node) ||
    ts.isNewExpression(node) ||
    ts.isTaggedTemplateExpression(node) ||
    ts.isYieldExpression(node) ||
    ts.isAwaitExpression(node) ||
    ts.isDeleteExpression(node) ||
    ts.isPostfixUnaryExpression(node) ||
    (ts.isPrefixUnaryExpression(node) && /^(\+\+|--)/.test(node.getText())) ||
    (ts.isBinaryExpression(node) && isAssignment(node.operatorToken.kind)) ||
    (node.forEachChild((child) => doesSomething(child) || undefined) ?? false)
  );
}

const isAssignment = (kind: ts.SyntaxKind): boolean =>
  kind >= Kind.FirstAssignment && kind <= Kind.LastAssignment;

class Finder {
  readonly found: Mutation[] = [];
  private readonly numbers: ReadonlySet<string>;

  constructor(private readonly file: ts.SourceFile) {
    this.numbers = namedNumbers(file);
  }

  visit(node: ts.Node, inFunction: boolean): void {
    if (ts.isTypeNode(node) || isAssertion(node) || ts.isInterfaceDeclaration(node)) return;
    if (isPause(node)) return;
    if (inFunction) this.mutate(node);
    const inside = inFunction || ts.isFunctionLike(node);
    node.forEachChild((child) => this.visit(child, inside));
  }

  private add(
    node: ts.Node,
    becomes: string,
    { isStatement = false, isCondition = false }: Partial<Pick<Mutation, 'isStatement' | 'isCondition'>> = {},
  ): void {
    const start = node.getStart(this.file);
    const line = this.file.getLineAndCharacterOfPosition(start).line + 1;
    const isPure = !isStatement && !doesSomething(node);
    this.found.push({
      start,
      end: node.end,
      line,
      was: node.getText(),
      becomes,
      isStatement,
      isCondition,
      isPure,
    });
  }

  private mutate(node: ts.Node): void {
    if (ts.isBinaryExpression(node)) this.operator(node);
    else if (ts.isPrefixUnaryExpression(node)) this.prefix(node);
    else if (ts.isConditionalExpression(node)) this.condition(node.condition);
    else if (ts.isIfStatement(node)) this.condition(node.expression);
    else if (ts.isNumericLiteral(node) || ts.isBigIntLiteral(node)) this.number(node);
    else if (ts.isIdentifier(node) && this.isUseOfNumber(node))
      this.add(node, `(${node.text} + (typeof ${node.text} === 'bigint' ? 1n : 1))`);
    else if (node.kind === Kind.TrueKeyword) this.literal(node, 'false');
    else if (node.kind === Kind.FalseKeyword) this.literal(node, 'true');
    else if (ts.isCallExpression(node)) this.method(node);
    else if (ts.isExpressionStatement(node)) this.statement(node);
  }

  private operator({ left, operatorToken, right }: ts.BinaryExpression): void {
    const node = operatorToken.parent;
    if (operatorToken.kind === Kind.QuestionQuestionToken) {
      // Without its default the expression mostly does not compile; here it is the default whatever stands before it.
      if (!isAssertion(right)) this.add(node, `(${right.getText()})`);
      return;
    }
    if (operatorToken.kind === Kind.PlusToken && (isText(left) || isText(right))) return;
    for (const other of operators.get(operatorToken.kind) ?? [])
      this.add(node, `${left.getText()} ${other} ${right.getText()}`);
  }

  private prefix(node: ts.PrefixUnaryExpression): void {
    if (node.operator === Kind.ExclamationToken) this.add(node, `(${node.operand.getText()})`);
    if (node.operator === Kind.TildeToken) this.add(node, node.operand.getText());
  }

  private condition(node: ts.Expression): void {
    this.add(node, 'true', { isCondition: true });
    this.add(node, 'false', { isCondition: true });
  }

  private number(node: ts.NumericLiteral | ts.BigIntLiteral): void {
    if (ts.isPrefixUnaryExpression(node.parent) || isName(node) || isRoom(node)) return;
    const value = BigInt(
      node
        .getText()
        .replace(/_|n$/g, '')
        .replace(/\.\d+$/, '') || 0,
    );
    const big = ts.isBigIntLiteral(node) ? 'n' : '';
    this.add(node, `${value + 1n}${big}`);
  }

  private isUseOfNumber(node: ts.Identifier): boolean {
    const { parent } = node;
    return (
      this.numbers.has(node.text) &&
      (ts.isBinaryExpression(parent) ||
        (ts.isCallExpression(parent) && parent.expression !== node) ||
        ts.isReturnStatement(parent) ||
        ts.isArrowFunction(parent) ||
        ts.isConditionalExpression(parent))
    );
  }

  private literal(node: ts.Node, becomes: string): void {
    if (!isName(node)) this.add(node, becomes);
  }

  private method(node: ts.CallExpression): void {
    const { expression } = node;
    // Parentheses would end a chain that may stop early.
    if (!ts.isPropertyAccessExpression(expression) || node.getText().includes('?.')) return;
    const other = Object.hasOwn(methods, expression.name.text) ? methods[expression.name.text] : undefined;
    if (other === undefined) return;
    const [before, after] = [expression.name.getStart(), expression.name.end].map(
      (at) => at - node.getStart(),
    );
    const text = node.getText();
    this.add(node, text.slice(0, before) + other + text.slice(after));
  }

  private statement(node: ts.ExpressionStatement): void {
    const { expression } = node;
    if (ts.isCallExpression(expression) && isAssertion(expression)) return;
    const isSuper = ts.isCallExpression(expression) && expression.expression.kind === Kind.SuperKeyword;
    if (!isSuper) this.add(node, ';', { isStatement: true });
  }
}

/** Every change of a file, in the order of its text. */
export function mutationsOf(name: string, text: string): Mutation[] {
  const file = ts.createSourceFile(name, text, ts.ScriptTarget.ES2022, true);
  const finder = new Finder(file);
  finder.visit(file, false);
  return finder.found.sort((a, b) => a.start - b.start || b.end - a.end);
}
