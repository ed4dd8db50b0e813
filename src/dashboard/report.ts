/**
 * What a report holds: plain data, no behaviour. Simulation, load test, back-test, scorecard and
 * demo describe their results with these types; `reportHtml` and `tableText` draw them.
 */
import type { Unit } from './format.ts';

/** One report: a title, a few headline figures, blocks in reading order, and where it came from. */
export interface Report {
  readonly title: string;
  /** One sentence below the title. */
  readonly subtitle?: string;
  /** Headline figures, best three to five. */
  readonly figures?: readonly Figure[];
  readonly blocks: readonly Block[];
  readonly provenance: Provenance;
}

/** How the report can be made again. Without `date` the output depends on nothing but the data. */
export interface Provenance {
  /** The command that prints this report again. */
  readonly command: string;
  readonly seed?: number;
  /** Versions and settings, in the order given. */
  readonly facts?: Readonly<Record<string, string | number>>;
  /** Sources of data and constants. */
  readonly sources?: readonly { readonly label: string; readonly url?: string }[];
  /** A date to print, as text. Left out by default, so that equal runs give equal bytes. */
  readonly date?: string;
}

/** Whether something is to be read as good, bad or neither. */
export type Tone = 'good' | 'bad' | 'plain';

/** One headline figure. */
export interface Figure {
  readonly label: string;
  readonly value: number | string;
  /** @default 'number' */
  readonly unit?: Unit;
  /** A few words below the value, such as what it is compared with. */
  readonly detail?: string;
  /** @default 'plain' */
  readonly tone?: Tone;
}

/** Anything that may stand in a report. */
export type Block = Text | Section | Tabs | Table | LineChart | BarChart | Histogram;

/** Paragraphs of plain text. */
export interface Text {
  readonly kind: 'text';
  readonly paragraphs: readonly string[];
}

/** A heading with blocks of its own. */
export interface Section {
  readonly kind: 'section';
  readonly title: string;
  readonly blocks: readonly Block[];
}

/** Alternatives of which one is seen at a time, such as one per load level. */
export interface Tabs {
  readonly kind: 'tabs';
  /** Says what the tabs choose between. */
  readonly label: string;
  /** Index of the tab shown first. @default 0 */
  readonly selected?: number;
  readonly tabs: readonly { readonly label: string; readonly blocks: readonly Block[] }[];
}

/** A table; also what `tableText` prints on a terminal. */
export interface Table {
  readonly kind: 'table';
  readonly title: string;
  /** One or two sentences on how to read it. */
  readonly caption?: string;
  /** Heading of the column of row labels. @default '' */
  readonly rowHeading?: string;
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
}

/** A column: its heading, the unit of its numbers, and which direction is better. */
export interface Column {
  readonly label: string;
  /** @default 'number' */
  readonly unit?: Unit;
  /** Marks the best cell of every group of rows. @default none is marked */
  readonly better?: 'higher' | 'lower';
  /** Draws a bar from 0 to 1 behind the cell; for ratios. @default false */
  readonly bar?: boolean;
  /** Shows the sign of positive numbers too; for differences. @default false */
  readonly signed?: boolean;
}

/** A row: one cell per column, `null` where there is nothing to say. */
export interface Row {
  readonly label: string;
  readonly cells: readonly (number | string | null)[];
  /** Rows of one group stand together and are compared with each other. @default one group */
  readonly group?: string;
  /** Colour slot (0–7) of a dot before the label. @default no dot */
  readonly color?: number;
}

/** One axis of a chart. */
export interface Axis {
  readonly label?: string;
  /** @default 'number' */
  readonly unit?: Unit;
  /** A logarithmic axis leaves out values that are not above 0. @default 'linear' */
  readonly scale?: 'linear' | 'log';
  /** @default 0 on a linear y axis, else the smallest value */
  readonly min?: number;
  /** @default the largest value */
  readonly max?: number;
}

/** Curves over one common x axis, such as a quantity of several runs over time. */
export interface LineChart {
  readonly kind: 'lines';
  readonly title: string;
  readonly caption?: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
  /** Shaded intervals of the x axis. */
  readonly bands?: readonly Band[];
  /** Horizontal lines at a value of the y axis. */
  readonly marks?: readonly Mark[];
}

/** One curve. `x` must not decrease; a `y` that is not finite leaves a gap. */
export interface Series {
  readonly name: string;
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  /** Colour slot (0–7). @default the position in the list */
  readonly color?: number;
  /** `step` holds a value until the next; `area` is a pale filled curve for the background. @default 'line' */
  readonly style?: 'line' | 'step' | 'area';
}

/** A shaded interval. */
export interface Band {
  readonly from: number;
  readonly to: number;
  readonly label: string;
  /** @default 'bad' */
  readonly tone?: Tone;
}

/** A horizontal line. */
export interface Mark {
  readonly value: number;
  readonly label: string;
}

/** Horizontal bars, by category and series; negative values reach to the left. */
export interface BarChart {
  readonly kind: 'bars';
  readonly title: string;
  readonly caption?: string;
  /** @default 'number' */
  readonly unit?: Unit;
  /** Shows the sign of positive numbers too; for differences. @default false */
  readonly signed?: boolean;
  readonly categories: readonly string[];
  readonly series: readonly {
    readonly name: string;
    /** One value per category; `null` leaves the place empty. */
    readonly values: readonly (number | null)[];
    readonly color?: number;
  }[];
}

/** Distributions drawn over each other, each as the share of its own total per bucket. */
export interface Histogram {
  readonly kind: 'histogram';
  readonly title: string;
  readonly caption?: string;
  readonly x: Axis;
  readonly series: readonly {
    readonly name: string;
    /** Bucket bounds, ascending: one more than there are counts. */
    readonly edges: readonly number[];
    readonly counts: readonly number[];
    readonly color?: number;
  }[];
}
