// Chart.js, installed by npm. Without it, a line of text replaces the charts.

const missing = 'The chart needs Chart.js: run npm ci in the clone and reload the page.';
let library;

const chartJs = () => library ??= import('/assets/chart.js').then(() => window.Chart ?? Promise.reject(new Error(missing)));

const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export const fill = (status) => style(`--fill-${status}`);

/** Options shared by all charts. No animation: the data changes continuously. */
function common() {
  const text = { color: style('--muted'), font: { family: style('--font'), size: 11 } };
  const grid = { color: style('--line'), drawTicks: false };
  return {
    animation: false,
    responsive: true,
    maintainAspectRatio: false,
    interaction: { mode: 'index', intersect: false },
    scales: {
      x: {
        stacked: true,
        border: { color: style('--line') },
        grid: { display: false },
        ticks: { ...text, maxRotation: 0 },
        title: { ...text, display: true, text: 'UTC', align: 'end', padding: 0 },
      },
      y: { stacked: true, border: { display: false }, grid, ticks: { ...text, padding: 8 } },
    },
    plugins: {
      legend: { position: 'bottom', labels: { ...text, boxWidth: 10, boxHeight: 10, padding: 14 } },
      tooltip: { backgroundColor: style('--tooltip'), padding: 10, boxPadding: 4 },
    },
  };
}

/** A chart in the box's canvas, recreated when the colours change. `describe` returns the Chart.js configuration. */
export class LiveChart {
  #box;
  #describe;
  #chart;

  constructor(box, describe) {
    this.#box = box;
    this.#describe = describe;
    document.addEventListener('themechange', () => this.draw());
  }

  async draw() {
    let Chart;
    try {
      Chart = await chartJs();
    } catch {
      this.#box.classList.add('missing');
      this.#box.textContent = missing;
      return;
    }
    const canvas = this.#box.querySelector('canvas');
    const description = this.#describe(common());
    if (!canvas || !description) return;
    this.#chart?.destroy();
    this.#chart = new Chart(canvas, description);
  }

  /** Redraws the chart with new data. */
  async update() {
    if (!this.#chart) return this.draw();
    const { data } = this.#describe(common());
    this.#chart.data = data;
    this.#chart.update();
  }
}
