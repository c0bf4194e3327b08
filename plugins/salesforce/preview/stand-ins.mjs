// Stand-ins for what Salesforce brings along: the base components and the modules that our components use.

const component = (name, properties, html, more = "") => [
  `lightning/${name}`,
  {
    html: `<template>${html}</template>`,
    js: `import { LightningElement, api } from "lwc";
export default class extends LightningElement {
  ${properties.map((property) => `@api ${property};`).join("\n  ")}
  ${more}
}`
  }
];

const ICON = `
  renderedCallback() {
    const [sprite, name] = this.iconName.split(":");
    this.template.querySelector("span").innerHTML = globalThis.ICONS[sprite + "/" + name];
    this.template.querySelector("svg").setAttribute("class", "slds-icon " + this.look);
  }
  get look() {
    const fill = this.variant ? "slds-icon-text-" + this.variant : "slds-icon-text-default";
    return this.iconName.startsWith("standard") ? "slds-icon_small" : "slds-icon_" + this.size + " " + fill;
  }
  get frame() {
    return this.iconName.startsWith("standard") ? "slds-icon_container slds-icon-standard-social" : "slds-icon_container";
  }`;

export const COMPONENTS = Object.fromEntries([
  component(
    "card",
    ["title", "iconName"],
    `<article class="slds-card">
      <div class="slds-card__header slds-grid">
        <header class="slds-media slds-media_center slds-has-flexi-truncate">
          <div class="slds-media__figure"><lightning-icon icon-name={iconName}></lightning-icon></div>
          <div class="slds-media__body"><h2 class="slds-card__header-title">{title}</h2></div>
          <div class="slds-no-flex"><slot name="actions"></slot></div>
        </header>
      </div>
      <div class="slds-card__body"><slot></slot></div>
    </article>`
  ),
  component(
    "icon",
    ["iconName", "size", "variant", "alternativeText"],
    `<span class={frame} lwc:dom="manual"></span>`,
    ICON
  ),
  component(
    "buttonIcon",
    ["iconName", "variant", "alternativeText"],
    `<button class="slds-button slds-button_icon"><lightning-icon icon-name={iconName} size="xx-small"></lightning-icon></button>`
  ),
  component(
    "button",
    ["label", "variant", "disabled"],
    `<button class={look} disabled={disabled}>{label}</button>`,
    `get look() { return this.variant === "base" ? "slds-button" : "slds-button slds-button_" + this.variant; }`
  ),
  component(
    "textarea",
    ["label", "variant", "placeholder", "value", "disabled"],
    `<textarea class="slds-textarea" rows="3" data-shown={value} placeholder={placeholder} disabled={disabled}></textarea>`,
    `renderedCallback() { this.template.querySelector("textarea").value = this.value; }`
  ),
  component(
    "radioGroup",
    ["name", "label", "variant", "type", "options", "value", "disabled"],
    `<div class="slds-radio_button-group">
      <template for:each={shown} for:item="option">
        <span key={option.value} class="slds-button slds-radio_button">
          <input type="radio" name={name} id={option.value} checked={option.isChosen} disabled={disabled} />
          <label class="slds-radio_button__label" for={option.value}><span class="slds-radio_faux">{option.label}</span></label>
        </span>
      </template>
    </div>`,
    `get shown() { return this.options.map((option) => ({ ...option, isChosen: option.value === this.value })); }`
  ),
  component(
    "helptext",
    ["content"],
    `<lightning-icon icon-name="utility:info" size="xx-small"></lightning-icon>`
  ),
  component("spinner", ["size", "alternativeText"], ""),
  component(
    "formattedNumber",
    ["value"],
    "{shown}",
    `get shown() { return new Intl.NumberFormat("en-GB").format(this.value); }`
  ),
  component(
    "formattedDateTime",
    ["value", "year", "month", "day", "hour", "minute"],
    "{shown}",
    `get shown() {
    const { year, month, day, hour, minute } = this;
    return new Intl.DateTimeFormat("en-GB", { year, month, day, hour, minute }).format(new Date(this.value));
  }`
  )
]);

export const MODULES = {
  "@salesforce/apex": `export const refreshApex = () => Promise.resolve();`,
  "lightning/uiRecordApi": `export const createRecord = () => Promise.resolve({});`,
  "lightning/uiRelatedListApi": `export class getRelatedListRecords {
  constructor(tell) { this.tell = tell; }
  connect() { this.tell({ data: { records: globalThis.RECORDS } }); }
  update() {}
  disconnect() {}
}`
};
